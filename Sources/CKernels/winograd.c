#include "kernels.h"
#include "pool.h"
#include "winograd.h"

/* Tiles that one thread takes through the three stages at a time, so that they stay in its cache. */
#define TILES 36

struct winograd {
    const float *x, *u, *bias;
    float *y, *pooled, *scratch;
    long images, side, c, oc, f, share, parts, units;
    int rectify, add;
};

/* At m: six points to four values. */
#define GATHER(m0, m1, m2, m3, m4, m5, O)                                                                            \
    do {                                                                                                             \
        const __m256 sa_ = _mm256_add_ps(m1, m2), da_ = _mm256_sub_ps(m1, m2), sb_ = _mm256_add_ps(m3, m4), db_ = _mm256_sub_ps(m3, m4); \
        O(0, _mm256_add_ps(m0, _mm256_add_ps(sa_, sb_)));                                                             \
        O(1, _mm256_fmadd_ps(_mm256_set1_ps(A1), da_, _mm256_mul_ps(_mm256_set1_ps(B1), db_)));                         \
        O(2, _mm256_fmadd_ps(_mm256_set1_ps(A2), sa_, _mm256_mul_ps(_mm256_set1_ps(B2), sb_)));                         \
        O(3, _mm256_add_ps(_mm256_fmadd_ps(_mm256_set1_ps(A3), da_, _mm256_mul_ps(_mm256_set1_ps(B3), db_)), m5));      \
    } while (0)

/* R rows of tiles times one panel of 16 maps: m[R][16] = v[R][c] u[c][16]. */
AVX2 static inline __attribute__((always_inline)) void product(const float *v, const float *u, float *m, long c, long stride, const int R) {
    __m256 s[6][2];
    for (int r = 0; r < R; r++) s[r][0] = s[r][1] = _mm256_setzero_ps();
    for (long k = 0; k < c; k++) {
        const __m256 a = _mm256_load_ps(u + k * 16), b = _mm256_load_ps(u + k * 16 + 8);
        for (int r = 0; r < R; r++) {
            const __m256 w = _mm256_broadcast_ss(v + r * c + k);
            s[r][0] = _mm256_fmadd_ps(w, a, s[r][0]);
            s[r][1] = _mm256_fmadd_ps(w, b, s[r][1]);
        }
    }
    for (int r = 0; r < R; r++) {
        _mm256_store_ps(m + r * stride, s[r][0]);
        _mm256_store_ps(m + r * stride + 8, s[r][1]);
    }
}

AVX2 static void products(const float *v, const float *u, float *m, long tiles, long c, long stride) {
    long t = 0;
    for (; t + 6 <= tiles; t += 6) product(v + t * c, u, m + t * stride, c, stride, 6);
    v += t * c, m += t * stride;
    switch (tiles - t) {
    case 1: product(v, u, m, c, stride, 1); break;
    case 2: product(v, u, m, c, stride, 2); break;
    case 3: product(v, u, m, c, stride, 3); break;
    case 4: product(v, u, m, c, stride, 4); break;
    case 5: product(v, u, m, c, stride, 5); break;
    }
}

/* 36 vectors to a tile of 4 x 4 x 8, with what follows. */
AVX2 static inline void gather_tile(const struct winograd *a, const float *m, long plane, float *y, long block, float *pooled) {
    __m256 t[4][6];
    for (int j = 0; j < 6; j++) {
#define M(i) _mm256_load_ps(m + ((i) * 6 + j) * plane)
#define OUT(i, value) t[i][j] = value
        GATHER(M(0), M(1), M(2), M(3), M(4), M(5), OUT);
#undef OUT
#undef M
    }
    const __m256 bias = a->bias ? _mm256_loadu_ps(a->bias + block * 8) : _mm256_setzero_ps();
    const __m256 floor = _mm256_set1_ps(a->rectify ? 0.0f : -__builtin_inff());
    __m256 most[4];
    for (int i = 0; i < 4; i++) {
        float *o = y + i * a->side * 8;
        __m256 r[4];
#define OUT(j, value) r[j] = _mm256_add_ps(value, bias)
        GATHER(t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], OUT);
#undef OUT
        for (int j = 0; j < 4; j++) {
            if (a->add) r[j] = _mm256_add_ps(r[j], _mm256_load_ps(o + j * 8));
            r[j] = _mm256_max_ps(r[j], floor);
            _mm256_store_ps(o + j * 8, r[j]);
            most[j] = i % a->f == 0 ? r[j] : _mm256_max_ps(most[j], r[j]);
        }
        if (!pooled || i % a->f != a->f - 1) continue;
        const __m256 left = _mm256_max_ps(most[0], most[1]), right = _mm256_max_ps(most[2], most[3]);
        if (a->f == 4) {
            _mm256_store_ps(pooled, _mm256_max_ps(left, right));
        } else {
            float *p = pooled + i / 2 * (a->side / 2) * 8;
            _mm256_store_ps(p, left);
            _mm256_store_ps(p + 8, right);
        }
    }
}

AVX2 static void winograd_part(void *data) {
    const struct winograd *a = data;
    const long across = a->side / 4, image = across * across, all = a->images * image, part = a->oc / a->parts;
    const long area = a->side * a->side * 8, low = a->side / a->f;
    const long vplane = winograd_padded(a->share * a->c), mplane = winograd_padded(a->share * part);
    SHARE(a->units);
    float *v = a->scratch + thread_ * POINTS * (vplane + mplane), *m = v + POINTS * vplane;
    long done = -1;
    for (long unit = from; unit < to; unit++) {
        const long first = unit / a->parts * a->share, tiles = all - first < a->share ? all - first : a->share, o = unit % a->parts * part;
        if (done != first) {
            for (long k = 0; k < a->c / 8; k++)
                for (long t = 0; t < tiles; t++) {
                    const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                    const int edge = ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1;
                    const float *x = a->x + (n * (a->c / 8) + k) * area;
                    if (edge) winograd_spread(x, ty * 4, tx * 4, 1, a->side, v + t * a->c + k * 8, vplane);
                    else winograd_spread(x, ty * 4, tx * 4, 0, a->side, v + t * a->c + k * 8, vplane);
                }
            done = first;
        }
        for (int p = 0; p < POINTS; p++)
            for (long q = 0; q < part; q += 16)
                products(v + p * vplane, a->u + (p * a->oc + o + q) * a->c, m + p * mplane + q, tiles, a->c, part);
        for (long q = 0; q < part / 8; q++)
            for (long t = 0; t < tiles; t++) {
                const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across, block = o / 8 + q;
                float *y = a->y + (n * (a->oc / 8) + block) * area + (ty * 4 * a->side + tx * 4) * 8;
                float *pooled = a->pooled ? a->pooled + ((n * (a->oc / 8) + block) * low * low + ty * (4 / a->f) * low + tx * (4 / a->f)) * 8 : 0;
                gather_tile(a, m + t * part + q * 8, mplane, y, block, pooled);
            }
    }
}

static void plan(struct winograd *a) {
    const long tiles = a->images * (a->side / 4) * (a->side / 4), threads = omp_get_max_threads();
    const long blocks = (tiles + TILES - 1) / TILES;
    /* Whole rounds: as many blocks as a multiple of the threads, or parts of the output's maps where there are too few tiles. */
    a->parts = 1;
    while (blocks * a->parts < threads && a->oc / (2 * a->parts) % 16 == 0) a->parts *= 2;
    const long wanted = a->parts > 1 ? blocks : (blocks + threads - 1) / threads * threads;
    a->share = (tiles + wanted - 1) / wanted;
    a->units = (tiles + a->share - 1) / a->share * a->parts;
}

long winograd_scratch(long images, long side, long c, long oc) {
    struct winograd a = {.images = images, .side = side, .c = c, .oc = oc};
    plan(&a);
    return omp_get_max_threads() * POINTS * (winograd_padded(a.share * c) + winograd_padded(a.share * (oc / a.parts)));
}

void winograd_f32(const float *x, float *y, const float *u, const float *bias, float *scratch, long images, long side, long c, long oc, int rectify, int add, float *pooled, long f) {
    struct winograd a = {.x = x, .u = u, .bias = bias, .y = y, .pooled = pooled, .scratch = scratch, .images = images, .side = side, .c = c, .oc = oc, .f = pooled ? f : 4, .rectify = rectify, .add = add};
    plan(&a);
    GOMP_parallel(winograd_part, &a, 0, 0);
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
    SHARE(a.oc / 16 * a.c);
    for (long unit = from; unit < to; unit++) {
        const long o = unit / a.c * 16, k = unit % a.c;
        float w[9][16];
        double t[6][3][16];
        for (int l = 0; l < 16; l++) {
            const float *from_ = a.w + (a.turned ? k * a.oc + o + l : (o + l) * a.c + k) * 9;
            for (int i = 0; i < 9; i++) w[i][l] = from_[a.turned ? 8 - i : i];
        }
        for (int p = 0; p < 6; p++)
            for (int j = 0; j < 3; j++)
                for (int l = 0; l < 16; l++) t[p][j][l] = g[p][0] * w[j][l] + g[p][1] * w[3 + j][l] + g[p][2] * w[6 + j][l];
        for (int p = 0; p < 6; p++)
            for (int q = 0; q < 6; q++) {
                float *u = a.u + ((p * 6 + q) * a.oc + o) * a.c + k * 16;
                for (int l = 0; l < 16; l++) u[l] = (float)(t[p][0][l] * g[q][0] + t[p][1][l] * g[q][1] + t[p][2][l] * g[q][2]);
            }
    }
}

void winograd_kernels_f32(const float *w, float *u, long c, long oc, int turned) {
    struct kernels a = {w, u, c, oc, turned};
    GOMP_parallel(kernels_part, &a, 0, 0);
}
