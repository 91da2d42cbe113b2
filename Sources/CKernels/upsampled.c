#include "kernels.h"
#include "pool.h"
#include "winograd.h"

static void plan(struct upsampled *a, long block) {
    const long across = a->low / 2 + 1;
    winograd_cut(a->images * across * across, a->oc, block, &a->share, &a->parts, &a->units);
}

long upsampled_scratch(long images, long low, long c, long oc, long block) {
    struct upsampled a = {.images = images, .low = low, .c = c, .oc = oc};
    plan(&a, block);
    return omp_get_max_threads() *
           (9 * winograd_padded(a.share * c) + PRODUCTS * winograd_padded(a.share * (oc / a.parts)));
}

void upsampled_f32(
    const float *x, float *y, const float *u, float *scratch, long images, long low, long c, long oc, int rectify,
    long block
) {
    struct upsampled a = {
        .x = x, .u = u, .y = y, .scratch = scratch, .images = images, .low = low, .c = c, .oc = oc, .rectify = rectify
    };
    plan(&a, block);
    share_out(block == 8 ? upsampled_part_avx2 : upsampled_part_avx512, &a);
}

struct kernels {
    const float *w;
    float *u;
    long c, oc;
    int turned;
};

/* The sums that the five products of a row are multiplied by, of sixteen kernels at a time, in double so that the
 * weights lose nothing. */
AVX2 static inline void sums(const double *k, long stride, double to[SUMS][16]) {
    for (int l = 0; l < 16; l++) {
        const double a = k[l], b = k[stride + l], c = k[2 * stride + l];
        to[0][l] = a + b, to[1][l] = a, to[2][l] = a + b + c, to[3][l] = c, to[4][l] = b + c;
    }
}

AVX2 static void kernels_part(void *data) {
    const struct kernels a = *(const struct kernels *)data;
    /* Sixteen maps of the output lie side by side; if turned, of the input. */
    const long lanes = a.turned ? a.c : a.oc, others = a.turned ? a.oc : a.c;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, lanes / 16 * others);
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long block = unit / others * 16, other = unit % others;
        double w[9][16], rows[3][SUMS][16], all[SUMS][SUMS][16];
        for (int l = 0; l < 16; l++)
            for (int i = 0; i < 9; i++)
                w[i][l] = a.w[(a.turned ? other * a.c + block + l : (block + l) * a.c + other) * 9 + i];
        for (int j = 0; j < 3; j++)
            sums(w[j], 48, rows[j]);
        for (int p = 0; p < SUMS; p++) {
            double row[3][16];
            for (int j = 0; j < 3; j++)
                for (int l = 0; l < 16; l++)
                    row[j][l] = rows[j][p][l];
            sums(row[0], 16, all[p]);
        }
        for (int p = 0; p < PRODUCTS; p++) {
            const int g = GROUP(p);
            float *u = a.u + (a.turned ? BEFORE(g) * a.oc * a.c + (block * USERS(g) + PLACE(p) * 16) * a.oc + other * 16
                                       : (p * a.oc + block) * a.c + other * 16);
            for (int l = 0; l < 16; l++)
                u[l] = (float)all[p / SUMS][p % SUMS][l];
        }
    }
}

void upsampled_kernels_f32(const float *w, float *u, long c, long oc, int turned) {
    struct kernels a = {w, u, c, oc, turned};
    share_out(kernels_part, &a);
}

/* The gradient of the nine taps from those of the sums, over all parts. */
AVX2 static void narrow_part(void *data) {
    const struct upsampled_back *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->oc / 16 * a->c);
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long o = unit / a->c * 16, k = unit % a->c;
        double d[SUMS][SUMS][16] = {0}, t[3][SUMS][16];
        for (long part = 0; part < a->parts; part++)
            for (int p = 0; p < PRODUCTS; p++) {
                const float *du = a->du + ((part * PRODUCTS + p) * a->oc + o) * a->c + k * 16;
                for (int l = 0; l < 16; l++)
                    d[p / SUMS][p % SUMS][l] += du[l];
            }
        for (int q = 0; q < SUMS; q++)
            for (int l = 0; l < 16; l++) {
                t[0][q][l] = d[0][q][l] + d[1][q][l] + d[2][q][l];
                t[1][q][l] = d[0][q][l] + d[2][q][l] + d[4][q][l];
                t[2][q][l] = d[2][q][l] + d[3][q][l] + d[4][q][l];
            }
        for (int i = 0; i < 3; i++)
            for (int l = 0; l < 16; l++) {
                float *dw = a->dw + ((o + l) * a->c + k) * 9 + i * 3;
                dw[0] = (float)(t[i][0][l] + t[i][1][l] + t[i][2][l]);
                dw[1] = (float)(t[i][0][l] + t[i][2][l] + t[i][4][l]);
                dw[2] = (float)(t[i][2][l] + t[i][3][l] + t[i][4][l]);
            }
    }
}

static void plan_back(struct upsampled_back *a) {
    const long across = a->low / 2 + 1, pairs = a->images * (a->low / 2), threads = omp_get_max_threads();
    a->rows = across < 36 ? (36 + across - 1) / across : 1;
    a->tiles = a->rows * across;
    a->parts = pairs < threads ? pairs : threads;
}

long upsampled_back_scratch(long images, long low, long c, long oc) {
    struct upsampled_back a = {.images = images, .low = low, .c = c, .oc = oc};
    plan_back(&a);
    return a.parts * (a.tiles * (PRODUCTS * oc + 18 * c) + PRODUCTS * c * oc);
}

void upsampled_back_f32(
    const float *x, const float *dy, const float *u, float *dx, float *dw, float *scratch, long images, long low,
    long c, long oc, int add, long block
) {
    struct upsampled_back a = {
        .x = x,
        .dy = dy,
        .u = u,
        .dx = dx,
        .dw = dw,
        .scratch = scratch,
        .images = images,
        .low = low,
        .c = c,
        .oc = oc,
        .add = add
    };
    plan_back(&a);
    a.du = scratch + a.parts * a.tiles * (PRODUCTS * oc + 18 * c);
    share_out(block == 8 ? upsampled_back_part_avx2 : upsampled_back_part_avx512, &a);
    share_out(narrow_part, &a);
}
