/* What the forward pass and the gradient of the weights share: F(4x4, 3x3) of Winograd's minimal filtering (Lavin and
 * Gray 2016) at the points 0, +-5/8, +-3/2 and infinity, which lose fewer digits than the usual 0, +-1, +-2 (Barabasz
 * et al. 2020). What goes through maps is written once, in winograd_lanes.h, and made for either block: 8 with AVX2, 16
 * with AVX-512. */
#ifndef PAPILLA_WINOGRAD_H
#define PAPILLA_WINOGRAD_H

#define A1 0.625f
#define A2 0.390625f
#define A3 0.244140625f
#define B1 1.5f
#define B2 2.25f
#define B3 3.375f
#define POINTS 36

/* Tiles that one thread takes through the three stages at a time, and how the work is cut: units of `share` tiles by a
 * `parts`-th of the output's maps. */
void winograd_cut(long tiles, long oc, long block, long *share, long *parts, long *units);

/* A plane of a block, with a cache line more, so that the 36 planes stay out of one another's cache sets. */
static inline long winograd_padded(long floats) { return floats / 16 * 16 + 16; }

/* G: three taps to the six points. */
static inline void winograd_matrix(double g[6][3]) {
    const double a = A1, b = B1, at[6] = {0, a, -a, b, -b, 0};
    const double scale[6] = {
        1 / (a * a * b * b),
        1 / (2 * a * a * (a * a - b * b)),
        1 / (2 * a * a * (a * a - b * b)),
        1 / (2 * b * b * (b * b - a * a)),
        1 / (2 * b * b * (b * b - a * a)),
        0
    };
    for (int p = 0; p < 6; p++)
        g[p][0] = scale[p], g[p][1] = scale[p] * at[p], g[p][2] = p == 5 ? 1 : scale[p] * at[p] * at[p];
}

struct winograd {
    const float *x, *u, *bias;
    float *y, *pooled, *scratch;
    long images, side, c, oc, f, share, parts, units;
    int rectify, add;
};
/* A thread's part of the forward pass. */
void winograd_part_avx2(void *), winograd_part_avx512(void *);

/* Nearest upsampling by 2 and a 3x3 kernel, in tiles of four outputs in a row: of low-resolution x0 before, x1, x2
 * behind, with e = x0 - x1 and g = x2 - x1 and kernel (k0, k1, k2), they are (k0 + k1) e + s, k0 e + s, k2 g + s, (k1 +
 * k2) g + s, where s = (k0 + k1 + k2) x1: five products, of which nine to a tile of two pixels were six. The middle of
 * tile t is pixel 2 t, so a row of `low` pixels has low / 2 + 1 tiles, which begin one output before it. */
#define SUMS 5
#define PRODUCTS (SUMS * SUMS)

struct upsampled {
    const float *x, *u;
    float *y, *scratch;
    long images, low, c, oc, share, parts, units;
    int rectify;
};
/* A thread's part. */
void upsampled_part_avx2(void *), upsampled_part_avx512(void *);

/* On the way back each of the nine numbers that a tile's products are taken of gathers from those that took it: in each
 * direction two took e, one s, two g. Their gradients lie side by side, so that one product over all of them is the
 * sum. */
static const int upsampled_source[SUMS] = {0, 0, 1, 2, 2}, upsampled_place[SUMS] = {0, 1, 0, 0, 1},
                 upsampled_users[3] = {2, 1, 2}, upsampled_before[3] = {0, 2, 3};
/* The group of product p, and its place in it. */
#define GROUP(p) (upsampled_source[(p) / SUMS] * 3 + upsampled_source[(p) % SUMS])
#define PLACE(p) \
    (upsampled_place[(p) / SUMS] * upsampled_users[upsampled_source[(p) % SUMS]] + upsampled_place[(p) % SUMS])
/* Products of group g. */
#define USERS(g) (upsampled_users[(g) / 3] * upsampled_users[(g) % 3])
/* Products of the groups before g, (row, column) of it row-major. */
#define BEFORE(g) (upsampled_before[(g) / 3] * SUMS + upsampled_users[(g) / 3] * upsampled_before[(g) % 3])

struct upsampled_back {
    const float *x, *dy, *u;
    float *dx, *dw, *scratch, *du;
    /* Rows of tiles worked on at a time, so many tiles, and the parts of all pairs of low-resolution rows, each with
     * sums of its own. */
    long images, low, c, oc, rows, tiles, parts;
    int add;
};
void upsampled_back_part_avx2(void *), upsampled_back_part_avx512(void *);

struct gradient {
    const float *x, *dy;
    float *v, *t, *du, *dw;
    /* The bias's gradient so far: parts x oc. */
    double *sums;
    /* Tiles in all, and how many threads take some of them by themselves: 1 if none does. */
    long all, apart;
    long images, side, c, oc, first, tiles, vplane, tplane, parts;
    int begins;
};
/* A thread's part of the gradient's two stages over maps. */
void winograd_transform_avx2(void *), winograd_transform_avx512(void *);
void winograd_outer_avx2(void *), winograd_outer_avx512(void *);
/* Both, each thread by itself. */
void winograd_apart_avx2(void *), winograd_apart_avx512(void *);
#endif
