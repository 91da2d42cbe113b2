/* What the forward pass and the gradient of the weights share: F(4x4, 3x3) of Winograd's minimal filtering (Lavin and Gray 2016) at the points
 * 0, +-5/8, +-3/2 and infinity, which lose fewer digits than the usual 0, +-1, +-2 (Barabasz et al. 2020). All maps are blocked by 8. */
#ifndef PAPILLA_WINOGRAD_H
#define PAPILLA_WINOGRAD_H
#include <immintrin.h>

#define A1 0.625f
#define A2 0.390625f
#define A3 0.244140625f
#define B1 1.5f
#define B2 2.25f
#define B3 3.375f
#define POINTS 36

/* A plane of a block, with a cache line more, so that the 36 planes stay out of one another's cache sets. */
static inline long winograd_padded(long floats) { return floats / 16 * 16 + 16; }

/* G: three taps to the six points. */
static inline void winograd_matrix(double g[6][3]) {
    const double a = A1, b = B1, at[6] = {0, a, -a, b, -b, 0};
    const double scale[6] = {1 / (a * a * b * b), 1 / (2 * a * a * (a * a - b * b)), 1 / (2 * a * a * (a * a - b * b)), 1 / (2 * b * b * (b * b - a * a)), 1 / (2 * b * b * (b * b - a * a)), 0};
    for (int p = 0; p < 6; p++) g[p][0] = scale[p], g[p][1] = scale[p] * at[p], g[p][2] = p == 5 ? 1 : scale[p] * at[p] * at[p];
}

static const float winograd_zeros[8] __attribute__((aligned(32)));

/* Bt d: six values to the six points. */
#define SPREAD(d0, d1, d2, d3, d4, d5, O)                                                                            \
    do {                                                                                                             \
        const __m256 ea_ = _mm256_fnmadd_ps(_mm256_set1_ps(B2), d2, d4), oa_ = _mm256_fnmadd_ps(_mm256_set1_ps(B2), d1, d3); \
        const __m256 eb_ = _mm256_fnmadd_ps(_mm256_set1_ps(A2), d2, d4), ob_ = _mm256_fnmadd_ps(_mm256_set1_ps(A2), d1, d3); \
        O(0, _mm256_fmadd_ps(_mm256_set1_ps(A2 * B2), d0, _mm256_fnmadd_ps(_mm256_set1_ps(A2 + B2), d2, d4)));         \
        O(1, _mm256_fmadd_ps(_mm256_set1_ps(A1), oa_, ea_));                                                          \
        O(2, _mm256_fnmadd_ps(_mm256_set1_ps(A1), oa_, ea_));                                                         \
        O(3, _mm256_fmadd_ps(_mm256_set1_ps(B1), ob_, eb_));                                                          \
        O(4, _mm256_fnmadd_ps(_mm256_set1_ps(B1), ob_, eb_));                                                         \
        O(5, _mm256_fmadd_ps(_mm256_set1_ps(A2 * B2), d1, _mm256_fnmadd_ps(_mm256_set1_ps(A2 + B2), d3, d5)));         \
    } while (0)

/* One tile of 6 x 6 x 8 to 36 vectors, `plane` floats apart. */
AVX2 static inline __attribute__((always_inline)) void winograd_spread(const float *x, long row, long column, int edge, long side, float *v, long plane) {
    __m256 t[6][6];
    for (int j = 0; j < 6; j++) {
        __m256 d[6];
        for (int i = 0; i < 6; i++) {
            const long r = row + i - 1, c = column + j - 1;
            d[i] = _mm256_load_ps(edge && (r < 0 || r >= side || c < 0 || c >= side) ? winograd_zeros : x + (r * side + c) * 8);
        }
#define OUT(i, value) t[i][j] = value
        SPREAD(d[0], d[1], d[2], d[3], d[4], d[5], OUT);
#undef OUT
    }
    for (int i = 0; i < 6; i++) {
#define OUT(j, value) _mm256_store_ps(v + (i * 6 + j) * plane, value)
        SPREAD(t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], OUT);
#undef OUT
    }
}
#endif
