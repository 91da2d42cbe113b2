#include "kernels.h"
#include "pool.h"
#include "winograd.h"

/* dW = Gt (sum over tiles of (Bt d B) . (A dy At)) G: the gradient of the weights at the same points as the forward pass. */

/* Bytes of transformed tiles that each thread adds to those worked on at a time: what its share of the caches holds beside the sums. */
#define CHUNK (1L << 20)

AVX2 static void narrow_part(void *data) {
    const struct gradient *a = data;
    double g[6][3];
    winograd_matrix(g);
    SHARE(a->oc / 16 * a->c);
    for (long unit = from; unit < to; unit++) {
        const long o = unit / a->c * 16, k = unit % a->c;
        double t[3][6][16];
        for (int j = 0; j < 6; j++)
            for (int i = 0; i < 3; i++)
                for (int l = 0; l < 16; l++) {
                    double s = 0;
                    for (int p = 0; p < 6; p++) s += g[p][i] * a->du[((p * 6 + j) * a->oc + o) * a->c + k * 16 + l];
                    t[i][j][l] = s;
                }
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                for (int l = 0; l < 16; l++) {
                    double s = 0;
                    for (int p = 0; p < 6; p++) s += g[p][j] * t[i][p][l];
                    a->dw[((o + l) * a->c + k) * 9 + i * 3 + j] = (float)s;
                }
    }
}

/* Parts of the tiles in the first stage, so that there is work for every thread where maps are few. */
static long parts(long c, long oc, long block) {
    const long blocks = (c + oc) / block, threads = omp_get_max_threads();
    return (2 * threads + blocks - 1) / blocks;
}

static long chunk(long images, long side, long c, long oc) {
    const long threads = omp_get_max_threads(), tiles = images * (side / 4) * (side / 4), most = CHUNK * threads / (POINTS * 4 * (c + oc));
    const long chunks = (tiles + most - 1) / most;
    return (tiles + chunks - 1) / chunks;
}

long winograd_gradient_scratch(long images, long side, long c, long oc, long block) {
    const long tiles = chunk(images, side, c, oc);
    return POINTS * (winograd_padded(tiles * c) + winograd_padded(tiles * oc) + c * oc) + 2 * parts(c, oc, block) * oc;
}

void winograd_gradient_f32(const float *x, const float *dy, float *dw, float *bias, float *scratch, long images, long side, long c, long oc, long block) {
    const long share = chunk(images, side, c, oc), all = images * (side / 4) * (side / 4);
    struct gradient a = {.x = x, .dy = dy, .dw = dw, .images = images, .side = side, .c = c, .oc = oc, .vplane = winograd_padded(share * c), .tplane = winograd_padded(share * oc)};
    a.v = scratch;
    a.t = a.v + POINTS * a.vplane;
    a.du = a.t + POINTS * a.tplane;
    a.sums = (double *)(a.du + POINTS * c * oc);
    a.parts = parts(c, oc, block);
    for (a.first = 0; a.first < all; a.first += share) {
        a.begins = a.first == 0;
        a.tiles = all - a.first < share ? all - a.first : share;
        GOMP_parallel(block == 8 ? winograd_transform_avx2 : winograd_transform_avx512, &a, 0, 0);
        GOMP_parallel(block == 8 ? winograd_outer_avx2 : winograd_outer_avx512, &a, 0, 0);
    }
    GOMP_parallel(narrow_part, &a, 0, 0);
    for (long o = 0; bias && o < oc; o++) {
        double s = 0;
        for (long p = 0; p < a.parts; p++) s += a.sums[p * oc + o];
        bias[o] = (float)s;
    }
}
