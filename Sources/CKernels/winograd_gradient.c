#include "kernels.h"
#include "pool.h"
#include "winograd.h"

/* dW = Gt (sum over tiles of (Bt d B) . (A dy At)) G: the gradient of the weights at the same points as the forward pass. */

/* Bytes of transformed tiles that are worked on at a time: what the last level of cache holds beside the sums. */
#define CHUNK (2L << 20)

struct gradient {
    const float *x, *dy;
    float *v, *t, *du, *bias, *dw;
    long images, side, c, oc, first, tiles, vplane, tplane;
    int begins;
};

/* A y: four values to the six points. */
#define WIDEN(y0, y1, y2, y3, O)                                                                                     \
    do {                                                                                                             \
        const __m256 ea_ = _mm256_fmadd_ps(_mm256_set1_ps(A2), y2, y0), oa_ = _mm256_fmadd_ps(_mm256_set1_ps(A3), y3, _mm256_mul_ps(_mm256_set1_ps(A1), y1)); \
        const __m256 eb_ = _mm256_fmadd_ps(_mm256_set1_ps(B2), y2, y0), ob_ = _mm256_fmadd_ps(_mm256_set1_ps(B3), y3, _mm256_mul_ps(_mm256_set1_ps(B1), y1)); \
        O(0, y0);                                                                                                    \
        O(1, _mm256_add_ps(ea_, oa_));                                                                                \
        O(2, _mm256_sub_ps(ea_, oa_));                                                                                \
        O(3, _mm256_add_ps(eb_, ob_));                                                                                \
        O(4, _mm256_sub_ps(eb_, ob_));                                                                                \
        O(5, y3);                                                                                                    \
    } while (0)

/* Returns the tile's sum: the bias's share. */
AVX2 static inline __m256 widen_tile(const float *y, long side, float *v, long plane) {
    __m256 t[6][4], sum = _mm256_setzero_ps();
    for (int j = 0; j < 4; j++) {
        const __m256 y0 = _mm256_load_ps(y + j * 8), y1 = _mm256_load_ps(y + (side + j) * 8), y2 = _mm256_load_ps(y + (2 * side + j) * 8), y3 = _mm256_load_ps(y + (3 * side + j) * 8);
        sum = _mm256_add_ps(sum, _mm256_add_ps(_mm256_add_ps(y0, y1), _mm256_add_ps(y2, y3)));
#define OUT(i, value) t[i][j] = value
        WIDEN(y0, y1, y2, y3, OUT);
#undef OUT
    }
    for (int i = 0; i < 6; i++) {
#define OUT(j, value) _mm256_store_ps(v + (i * 6 + j) * plane, value)
        WIDEN(t[i][0], t[i][1], t[i][2], t[i][3], OUT);
#undef OUT
    }
    return sum;
}

AVX2 static void transform_part(void *data) {
    const struct gradient *a = data;
    const long across = a->side / 4, image = across * across, area = a->side * a->side * 8;
    SHARE(a->c / 8 + a->oc / 8);
    for (long k = from; k < to; k++) {
        __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
        const long o = k - a->c / 8;
        for (long t = 0; t < a->tiles; t++) {
            const long n = (a->first + t) / image, at = (a->first + t) % image, ty = at / across, tx = at % across;
            if (o < 0) {
                const int edge = ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1;
                const float *x = a->x + (n * (a->c / 8) + k) * area;
                float *v = a->v + t * a->c + k * 8;
                if (edge) winograd_spread(x, ty * 4, tx * 4, 1, a->side, v, a->vplane);
                else winograd_spread(x, ty * 4, tx * 4, 0, a->side, v, a->vplane);
            } else {
                const __m256 sum = widen_tile(a->dy + (n * (a->oc / 8) + o) * area + (ty * 4 * a->side + tx * 4) * 8, a->side, a->t + t * a->oc + o * 8, a->tplane);
                low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(sum)));
                high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(sum, 1)));
            }
        }
        if (o >= 0 && a->bias) {
            float *b = a->bias + o * 8;
            const __m256 sum = _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
            _mm256_storeu_ps(b, a->begins ? sum : _mm256_add_ps(_mm256_loadu_ps(b), sum));
        }
    }
}

/* R maps of the input times 16 of the output: du[R][16] (+)= sum over tiles of v[t][R] y[t][16]. */
AVX2 static inline __attribute__((always_inline)) void outer(const float *v, const float *y, float *du, long tiles, long c, long oc, int begins, const int R) {
    __m256 s[6][2];
    for (int r = 0; r < R; r++) s[r][0] = s[r][1] = _mm256_setzero_ps();
    for (long t = 0; t < tiles; t++, v += c, y += oc) {
        const __m256 a = _mm256_load_ps(y), b = _mm256_load_ps(y + 8);
        for (int r = 0; r < R; r++) {
            const __m256 w = _mm256_broadcast_ss(v + r);
            s[r][0] = _mm256_fmadd_ps(w, a, s[r][0]);
            s[r][1] = _mm256_fmadd_ps(w, b, s[r][1]);
        }
    }
    for (int r = 0; r < R; r++, du += 16) {
        _mm256_store_ps(du, begins ? s[r][0] : _mm256_add_ps(_mm256_load_ps(du), s[r][0]));
        _mm256_store_ps(du + 8, begins ? s[r][1] : _mm256_add_ps(_mm256_load_ps(du + 8), s[r][1]));
    }
}

AVX2 static void outer_part(void *data) {
    const struct gradient *a = data;
    SHARE(POINTS * (a->oc / 16));
    for (long unit = from; unit < to; unit++) {
        const long p = unit / (a->oc / 16), o = unit % (a->oc / 16) * 16;
        const float *v = a->v + p * a->vplane, *y = a->t + p * a->tplane + o;
        float *du = a->du + (p * a->oc + o) * a->c;
        long k = 0;
        for (; a->c - k >= 12; k += 12) {
            outer(v + k, y, du + k * 16, a->tiles, a->c, a->oc, a->begins, 6);
            outer(v + k + 6, y, du + (k + 6) * 16, a->tiles, a->c, a->oc, a->begins, 6);
        }
        for (; k < a->c; k += 4) outer(v + k, y, du + k * 16, a->tiles, a->c, a->oc, a->begins, 4);
    }
}

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

static long chunk(long images, long side, long c, long oc) {
    const long tiles = images * (side / 4) * (side / 4), most = CHUNK / (POINTS * 4 * (c + oc));
    const long chunks = (tiles + most - 1) / most;
    return (tiles + chunks - 1) / chunks;
}

long winograd_gradient_scratch(long images, long side, long c, long oc) {
    const long tiles = chunk(images, side, c, oc);
    return POINTS * (winograd_padded(tiles * c) + winograd_padded(tiles * oc) + c * oc);
}

void winograd_gradient_f32(const float *x, const float *dy, float *dw, float *bias, float *scratch, long images, long side, long c, long oc) {
    const long share = chunk(images, side, c, oc), all = images * (side / 4) * (side / 4);
    struct gradient a = {.x = x, .dy = dy, .dw = dw, .bias = bias, .images = images, .side = side, .c = c, .oc = oc, .vplane = winograd_padded(share * c), .tplane = winograd_padded(share * oc)};
    a.v = scratch;
    a.t = a.v + POINTS * a.vplane;
    a.du = a.t + POINTS * a.tplane;
    for (a.first = 0; a.first < all; a.first += share) {
        a.begins = a.first == 0;
        a.tiles = all - a.first < share ? all - a.first : share;
        GOMP_parallel(transform_part, &a, 0, 0);
        GOMP_parallel(outer_part, &a, 0, 0);
    }
    GOMP_parallel(narrow_part, &a, 0, 0);
}
