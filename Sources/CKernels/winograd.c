#include "kernels.h"
#include "pool.h"
#include "winograd.h"

/* So many that they stay in a thread's cache. CPUs with AVX-512 have 1 MiB and more of it. */
#define TILES(block) ((block) == 8 ? 36 : 48)

void winograd_cut(long tiles, long oc, long block, long *share, long *parts, long *units) {
    const long threads = omp_get_max_threads(), blocks = (tiles + TILES(block) - 1) / TILES(block);
    /* Whole rounds: as many blocks as a multiple of the threads, or parts of the output's maps where there are too few
     * tiles. */
    *parts = 1;
    while (blocks * *parts < threads && oc / (2 * *parts) % 16 == 0)
        *parts *= 2;
    const long wanted = *parts > 1 ? blocks : (blocks + threads - 1) / threads * threads;
    *share = (tiles + wanted - 1) / wanted;
    *units = (tiles + *share - 1) / *share * *parts;
}

static void plan(struct winograd *a, long block) {
    winograd_cut(a->images * (a->side / 4) * (a->side / 4), a->oc, block, &a->share, &a->parts, &a->units);
}

long winograd_scratch(long images, long side, long c, long oc, long block) {
    struct winograd a = {.images = images, .side = side, .c = c, .oc = oc};
    plan(&a, block);
    return omp_get_max_threads() * POINTS * (winograd_padded(a.share * c) + winograd_padded(a.share * (oc / a.parts)));
}

void winograd_f32(
    const float *x, float *y, const float *u, const float *bias, float *scratch, long images, long side, long c,
    long oc, int rectify, int add, float *pooled, long f, long block
) {
    struct winograd a = {
        .x = x,
        .u = u,
        .bias = bias,
        .y = y,
        .pooled = pooled,
        .scratch = scratch,
        .images = images,
        .side = side,
        .c = c,
        .oc = oc,
        .f = pooled ? f : 4,
        .rectify = rectify,
        .add = add
    };
    plan(&a, block);
    share_out(block == 8 ? winograd_part_avx2 : winograd_part_avx512, &a);
}

struct kernels {
    const float *w;
    float *u;
    long c, oc;
    int turned;
};

/* G g Gt of sixteen 3x3 kernels at a time, in double so that the weights lose nothing. */
AVX2 static void kernels_part(void *data) {
    const struct kernels a = *(const struct kernels *)data;
    double g[6][3];
    winograd_matrix(g);
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.oc / 16 * a.c);
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long o = unit / a.c * 16, k = unit % a.c;
        float w[9][16];
        double t[6][3][16];
        for (int l = 0; l < 16; l++) {
            const float *from_ = a.w + (a.turned ? k * a.oc + o + l : (o + l) * a.c + k) * 9;
            for (int i = 0; i < 9; i++)
                w[i][l] = from_[a.turned ? 8 - i : i];
        }
        for (int p = 0; p < 6; p++)
            for (int j = 0; j < 3; j++)
                for (int l = 0; l < 16; l++)
                    t[p][j][l] = g[p][0] * w[j][l] + g[p][1] * w[3 + j][l] + g[p][2] * w[6 + j][l];
        for (int p = 0; p < 6; p++)
            for (int q = 0; q < 6; q++) {
                float *u = a.u + ((p * 6 + q) * a.oc + o) * a.c + k * 16;
                for (int l = 0; l < 16; l++)
                    u[l] = (float)(t[p][0][l] * g[q][0] + t[p][1][l] * g[q][1] + t[p][2][l] * g[q][2]);
            }
    }
}

void winograd_kernels_f32(const float *w, float *u, long c, long oc, int turned) {
    struct kernels a = {w, u, c, oc, turned};
    share_out(kernels_part, &a);
}
