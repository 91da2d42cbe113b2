#include "kernels.h"
#include "pool.h"
#include "winograd.h"

/* dW = Gt (sum over tiles of (Bt d B) . (A dy At)) G: the gradient of the weights at the same points as the forward
 * pass. */

/* Bytes of transformed tiles worked on at a time: for a thread that keeps sums of its own, what its cache holds beside
 * them; for each of those that share them, what it adds. */
#define APART (384L << 10)
#define TOGETHER (1L << 20)

AVX2 static void narrow_part(void *data) {
    const struct gradient *a = data;
    double g[6][3];
    winograd_matrix(g);
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->oc / 16 * a->c);
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long o = unit / a->c * 16, k = unit % a->c;
        double t[3][6][16];
        for (int j = 0; j < 6; j++) {
            double d[6][16] = {0};
            for (long part = 0; part < a->apart; part++)
                for (int p = 0; p < 6; p++) {
                    const float *du = a->du + ((part * POINTS + p * 6 + j) * a->oc + o) * a->c + k * 16;
                    for (int l = 0; l < 16; l++)
                        d[p][l] += du[l];
                }
            for (int i = 0; i < 3; i++)
                for (int l = 0; l < 16; l++)
                    t[i][j][l] = g[0][i] * d[0][l] + g[1][i] * d[1][l] + g[2][i] * d[2][l] + g[3][i] * d[3][l] +
                                 g[4][i] * d[4][l] + g[5][i] * d[5][l];
        }
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                for (int l = 0; l < 16; l++) {
                    const double s = g[0][j] * t[i][0][l] + g[1][j] * t[i][1][l] + g[2][j] * t[i][2][l] +
                                     g[3][j] * t[i][3][l] + g[4][j] * t[i][4][l] + g[5][j] * t[i][5][l];
                    a->dw[((o + l) * a->c + k) * 9 + i * 3 + j] = (float)s;
                }
    }
}

/* How the work is cut. Where the sums are small, every thread takes tiles of its own through both stages; else all work
 * on the same tiles, and the points are shared out. */
static void plan(struct gradient *a, long block) {
    const long threads = omp_get_max_threads(), blocks = (a->c + a->oc) / block, tile = POINTS * 4 * (a->c + a->oc);
    a->all = a->images * (a->side / 4) * (a->side / 4);
    a->apart = a->c * a->oc <= 64 * 64 && a->all >= 16 * threads ? threads : 1;
    const long apart = a->apart > 1, mine = (a->all + a->apart - 1) / a->apart,
               most = (apart ? APART : TOGETHER * threads) / tile;
    const long chunks = (mine + most - 1) / most;
    a->tiles = (mine + chunks - 1) / chunks;
    /* So that there is work for every thread where maps are few. */
    a->parts = apart ? threads : (2 * threads + blocks - 1) / blocks;
    a->vplane = winograd_padded(a->tiles * a->c);
    a->tplane = winograd_padded(a->tiles * a->oc);
}

long winograd_gradient_scratch(long images, long side, long c, long oc, long block) {
    struct gradient a = {.images = images, .side = side, .c = c, .oc = oc};
    plan(&a, block);
    return a.apart * POINTS * (a.vplane + a.tplane + c * oc) + 2 * a.parts * oc;
}

void winograd_gradient_f32(
    const float *x, const float *dy, float *dw, float *bias, float *scratch, long images, long side, long c, long oc,
    long block
) {
    struct gradient a = {.x = x, .dy = dy, .dw = dw, .images = images, .side = side, .c = c, .oc = oc};
    plan(&a, block);
    a.v = scratch;
    a.t = a.v + POINTS * a.vplane;
    a.du = a.v + a.apart * POINTS * (a.vplane + a.tplane);
    a.sums = (double *)(a.du + a.apart * POINTS * c * oc);
    if (a.apart > 1) {
        share_out(block == 8 ? winograd_apart_avx2 : winograd_apart_avx512, &a);
    } else {
        const long share = a.tiles;
        for (a.first = 0; a.first < a.all; a.first += share) {
            a.begins = a.first == 0;
            a.tiles = a.all - a.first < share ? a.all - a.first : share;
            share_out(block == 8 ? winograd_transform_avx2 : winograd_transform_avx512, &a);
            share_out(block == 8 ? winograd_outer_avx2 : winograd_outer_avx512, &a);
        }
    }
    share_out(narrow_part, &a);
    for (long o = 0; bias && o < oc; o++) {
        double s = 0;
        for (long p = 0; p < a.parts; p++)
            s += a.sums[p * oc + o];
        bias[o] = (float)s;
    }
}
