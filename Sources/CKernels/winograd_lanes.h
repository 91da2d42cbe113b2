/* Winograd's stages over maps blocked by LANES, 8 or 16, in vectors of as many; compiled once for each, with WIDE the
 * instructions and NAME what a part is called. Products are added by FMA alone, never by + behind *, so that no
 * compiler decides what is fused. */
#include "pool.h"
#include "winograd.h"

typedef float vec __attribute__((ext_vector_type(LANES), may_alias));
typedef vec unaligned __attribute__((aligned(4)));
typedef double wide __attribute__((ext_vector_type(LANES), aligned(8)));

#define INLINE WIDE static inline __attribute__((always_inline))
#define LOAD(p) (*(const vec *)(p))
#define STORE(p, value) (*(vec *)(p) = (value))
/* a b + c and c - a b. a may be a number. */
#define FMA(a, b, c) __builtin_elementwise_fma((vec)(a), b, c)
#define FNMA(a, b, c) __builtin_elementwise_fma((vec)(a), -(b), c)
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Rows of an inner product: their sums, two vectors each, take 12 of 16 registers or 24 of 32. */
#define ROWS (LANES == 8 ? 6 : 12)
/* From one vector of kernels, or of their gradient, to the next: they lie in panels of 16 maps, c * 16 floats each. */
#define NEXT(c) (LANES == 8 ? 8 : (c) * 16)

static const float zeros[LANES] __attribute__((aligned(LANES * 4)));

/* Bt d: six values to the six points. */
#define SPREAD(d0, d1, d2, d3, d4, d5, O) \
    do { \
        const vec ea_ = FNMA(B2, d2, d4), oa_ = FNMA(B2, d1, d3); \
        const vec eb_ = FNMA(A2, d2, d4), ob_ = FNMA(A2, d1, d3); \
        O(0, FMA(A2 * B2, d0, FNMA(A2 + B2, d2, d4))); \
        O(1, FMA(A1, oa_, ea_)); \
        O(2, FNMA(A1, oa_, ea_)); \
        O(3, FMA(B1, ob_, eb_)); \
        O(4, FNMA(B1, ob_, eb_)); \
        O(5, FMA(A2 * B2, d1, FNMA(A2 + B2, d3, d5))); \
    } while (0)

/* One tile of 6 x 6 vectors to 36, `plane` floats apart. */
INLINE void spread_tile(const float *x, long row, long column, int edge, long side, float *v, long plane) {
    vec t[6][6];
    for (int j = 0; j < 6; j++) {
        vec d[6];
        for (int i = 0; i < 6; i++) {
            const long r = row + i - 1, c = column + j - 1;
            d[i] = LOAD(edge && (r < 0 || r >= side || c < 0 || c >= side) ? zeros : x + (r * side + c) * LANES);
        }
#define OUT(i, value) t[i][j] = value
        SPREAD(d[0], d[1], d[2], d[3], d[4], d[5], OUT);
#undef OUT
    }
    for (int i = 0; i < 6; i++) {
#define OUT(j, value) STORE(v + (i * 6 + j) * plane, value)
        SPREAD(t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], OUT);
#undef OUT
    }
}

/* At m: six points to four values. */
#define GATHER(m0, m1, m2, m3, m4, m5, O) \
    do { \
        const vec sa_ = m1 + m2, da_ = m1 - m2, sb_ = m3 + m4, db_ = m3 - m4; \
        O(0, m0 + (sa_ + sb_)); \
        O(1, FMA(A1, da_, B1 * db_)); \
        O(2, FMA(A2, sa_, B2 * sb_)); \
        O(3, FMA(A3, da_, B3 * db_) + m5); \
    } while (0)

/* R rows of tiles times V vectors of maps: m[R][V] = v[R][c] u[c][V]. */
INLINE void product(const float *v, const float *u, float *m, long c, long stride, const int R, const int V) {
    vec s[ROWS][2];
    for (int r = 0; r < R; r++)
        for (int i = 0; i < V; i++)
            s[r][i] = 0;
    /* Every third row has a pointer, and what lies between is reached from it: twelve pointers would be more than there
     * are registers for. */
    const float *row[4], *u1 = u + NEXT(c);
    for (int r = 0; r < (R + 2) / 3; r++)
        row[r] = v + 3 * r * c;
    for (long k = 0; k < c; k += 4) {
        /* Keeps the compiler from making twelve of them after all. */
        for (int r = 0; r < (R + 2) / 3; r++)
            __asm__("" : "+r"(row[r]));
        __asm__("" : "+r"(u), "+r"(u1));
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            vec a[2];
            a[0] = LOAD(u + j * 16);
            if (V == 2)
                a[1] = LOAD(u1 + j * 16);
#pragma clang loop unroll(full)
            for (int r = 0; r < R; r++) {
                const vec w = row[r / 3][r % 3 * c + j];
                for (int i = 0; i < V; i++)
                    s[r][i] = FMA(w, a[i], s[r][i]);
            }
        }
        for (int r = 0; r < (R + 2) / 3; r++)
            row[r] += 4;
        u += 64, u1 += 64;
    }
    for (int r = 0; r < R; r++)
        for (int i = 0; i < V; i++)
            STORE(m + r * stride + i * LANES, s[r][i]);
}

INLINE void products(const float *v, const float *u, float *m, long tiles, long c, long stride, const int V) {
    long t = 0;
    for (; t + ROWS <= tiles; t += ROWS)
        product(v + t * c, u, m + t * stride, c, stride, ROWS, V);
    v += t * c, m += t * stride;
#define REST(R) \
    case R: \
        if (R < ROWS) \
            product(v, u, m, c, stride, R < ROWS ? R : 0, V); \
        break;
    switch (tiles - t) {
        REST(1)
        REST(2)
        REST(3)
        REST(4)
        REST(5)
        REST(6)
        REST(7)
        REST(8)
        REST(9)
        REST(10)
        REST(11)
    }
#undef REST
}

/* 36 vectors to a tile of 4 x 4, with what follows. */
INLINE void gather_tile(const struct winograd *a, const float *m, long plane, float *y, long block, float *pooled) {
    vec t[4][6];
    for (int j = 0; j < 6; j++) {
#define M(i) LOAD(m + ((i) * 6 + j) * plane)
#define OUT(i, value) t[i][j] = value
        GATHER(M(0), M(1), M(2), M(3), M(4), M(5), OUT);
#undef OUT
#undef M
    }
    const vec bias = a->bias ? *(const unaligned *)(a->bias + block * LANES) : (vec)0.0f;
    const vec floor = a->rectify ? 0.0f : -__builtin_inff();
    vec most[4];
    for (int i = 0; i < 4; i++) {
        float *o = y + i * a->side * LANES;
        vec r[4];
#define OUT(j, value) r[j] = value + bias
        GATHER(t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], OUT);
#undef OUT
        for (int j = 0; j < 4; j++) {
            if (a->add)
                r[j] += LOAD(o + j * LANES);
            r[j] = MAX(r[j], floor);
            STORE(o + j * LANES, r[j]);
            most[j] = i % a->f == 0 ? r[j] : MAX(most[j], r[j]);
        }
        if (!pooled || i % a->f != a->f - 1)
            continue;
        const vec left = MAX(most[0], most[1]), right = MAX(most[2], most[3]);
        if (a->f == 4) {
            STORE(pooled, MAX(left, right));
        } else {
            float *p = pooled + i / 2 * (a->side / 2) * LANES;
            STORE(p, left);
            STORE(p + LANES, right);
        }
    }
}

WIDE void NAME(part)(void *data) {
    const struct winograd *a = data;
    const long across = a->side / 4, image = across * across, all = a->images * image, part = a->oc / a->parts;
    const long area = a->side * a->side * LANES, low = a->side / a->f;
    const long vplane = winograd_padded(a->share * a->c), mplane = winograd_padded(a->share * part);
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->units);
    float *v = a->scratch + me.thread * POINTS * (vplane + mplane), *m = v + POINTS * vplane;
    long done = -1;
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long first = unit / a->parts * a->share, tiles = all - first < a->share ? all - first : a->share,
                   o = unit % a->parts * part;
        if (done != first) {
            for (long k = 0; k < a->c / LANES; k++)
                for (long t = 0; t < tiles; t++) {
                    const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                    const int edge = ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1;
                    const float *x = a->x + (n * (a->c / LANES) + k) * area;
                    if (edge)
                        spread_tile(x, ty * 4, tx * 4, 1, a->side, v + t * a->c + k * LANES, vplane);
                    else
                        spread_tile(x, ty * 4, tx * 4, 0, a->side, v + t * a->c + k * LANES, vplane);
                }
            done = first;
        }
        for (int p = 0; p < POINTS; p++)
            for (long q = 0; q < part; q += 2 * LANES) {
                const float *w = v + p * vplane, *u = a->u + (p * a->oc + o + q) * a->c;
                if (LANES == 8 || part - q > LANES)
                    products(w, u, m + p * mplane + q, tiles, a->c, part, 2);
                else
                    products(w, u, m + p * mplane + q, tiles, a->c, part, 1);
            }
        for (long q = 0; q < part / LANES; q++)
            for (long t = 0; t < tiles; t++) {
                const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across,
                           block = o / LANES + q;
                float *y = a->y + (n * (a->oc / LANES) + block) * area + (ty * 4 * a->side + tx * 4) * LANES;
                float *pooled = a->pooled ? a->pooled + ((n * (a->oc / LANES) + block) * low * low +
                                                         ty * (4 / a->f) * low + tx * (4 / a->f)) *
                                                            LANES
                                          : 0;
                gather_tile(a, m + t * part + q * LANES, mplane, y, block, pooled);
            }
    }
}

/* A y: four values to the six points. */
#define WIDEN(y0, y1, y2, y3, O) \
    do { \
        const vec ea_ = FMA(A2, y2, y0), oa_ = FMA(A3, y3, A1 * y1); \
        const vec eb_ = FMA(B2, y2, y0), ob_ = FMA(B3, y3, B1 * y1); \
        O(0, y0); \
        O(1, ea_ + oa_); \
        O(2, ea_ - oa_); \
        O(3, eb_ + ob_); \
        O(4, eb_ - ob_); \
        O(5, y3); \
    } while (0)

/* Returns the tile's sum: the bias's share. */
INLINE vec widen_tile(const float *y, long side, float *v, long plane) {
    vec t[6][4], sum = 0;
    for (int j = 0; j < 4; j++) {
        const vec y0 = LOAD(y + j * LANES), y1 = LOAD(y + (side + j) * LANES), y2 = LOAD(y + (2 * side + j) * LANES),
                  y3 = LOAD(y + (3 * side + j) * LANES);
        sum += (y0 + y1) + (y2 + y3);
#define OUT(i, value) t[i][j] = value
        WIDEN(y0, y1, y2, y3, OUT);
#undef OUT
    }
    for (int i = 0; i < 6; i++) {
#define OUT(j, value) STORE(v + (i * 6 + j) * plane, value)
        WIDEN(t[i][0], t[i][1], t[i][2], t[i][3], OUT);
#undef OUT
    }
    return sum;
}

/* Block k of the tiles from `first` on: of the source, or behind them of the target's gradient, which also adds to the
 * bias's. */
INLINE void
transform(const struct gradient *a, float *v, float *t, double *sums, long k, long first, long tiles, int begins) {
    const long across = a->side / 4, image = across * across, area = a->side * a->side * LANES, o = k - a->c / LANES;
    wide sum = 0;
    for (long i = 0; i < tiles; i++) {
        const long n = (first + i) / image, at = (first + i) % image, ty = at / across, tx = at % across;
        if (o < 0) {
            const int edge = ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1;
            const float *x = a->x + (n * (a->c / LANES) + k) * area;
            float *to = v + i * a->c + k * LANES;
            if (edge)
                spread_tile(x, ty * 4, tx * 4, 1, a->side, to, a->vplane);
            else
                spread_tile(x, ty * 4, tx * 4, 0, a->side, to, a->vplane);
        } else {
            const float *y = a->dy + (n * (a->oc / LANES) + o) * area + (ty * 4 * a->side + tx * 4) * LANES;
            sum += __builtin_convertvector(widen_tile(y, a->side, t + i * a->oc + o * LANES, a->tplane), wide);
        }
    }
    if (o < 0)
        return;
    wide *all = (wide *)(sums + o * LANES);
    *all = begins ? sum : *all + sum;
}

WIDE void NAME(transform)(void *data) {
    const struct gradient *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, (a->c / LANES + a->oc / LANES) * a->parts);
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long part = unit % a->parts, i = a->tiles * part / a->parts, next = a->tiles * (part + 1) / a->parts;
        transform(
            a, a->v + i * a->c, a->t + i * a->oc, a->sums + part * a->oc, unit / a->parts, a->first + i, next - i,
            a->begins
        );
    }
}

/* R maps of the input times V vectors of the output: du[R][V] (+)= sum over tiles of v[t][R] y[t][V]. */
INLINE void
outer(const float *v, const float *y, float *du, long tiles, long c, long oc, int begins, const int R, const int V) {
    vec s[ROWS][2];
    for (int r = 0; r < R; r++)
        for (int i = 0; i < V; i++)
            s[r][i] = 0;
    for (long t = 0; t < tiles; t++, v += c, y += oc) {
        vec a[2];
        for (int i = 0; i < V; i++)
            a[i] = LOAD(y + i * LANES);
        for (int r = 0; r < R; r++) {
            const vec w = v[r];
            for (int i = 0; i < V; i++)
                s[r][i] = FMA(w, a[i], s[r][i]);
        }
    }
    for (int r = 0; r < R; r++)
        for (int i = 0; i < V; i++) {
            float *d = du + r * 16 + i * NEXT(c);
            STORE(d, begins ? s[r][i] : LOAD(d) + s[r][i]);
        }
}

INLINE void outers(const float *v, const float *y, float *du, long tiles, long c, long oc, int begins, const int V) {
    long k = 0;
    for (; c - k >= 12; k += 12)
        for (long r = k; r < k + 12; r += ROWS)
            outer(v + r, y, du + r * 16, tiles, c, oc, begins, ROWS, V);
    for (; LANES == 16 && c - k >= 8; k += 8)
        outer(v + k, y, du + k * 16, tiles, c, oc, begins, 8, V);
    for (; k < c; k += 4)
        outer(v + k, y, du + k * 16, tiles, c, oc, begins, 4, V);
}

/* Units from ..< to of the points times panels. */
INLINE void points(
    const struct gradient *a, const float *v, const float *t, float *du, long tiles, int begins, long from, long to
) {
    const long panels = a->oc / 16;
    for (long unit = from, next; unit < to; unit = next) {
        const long p = unit / panels, o = unit % panels * 16;
        const float *x = v + p * a->vplane, *y = t + p * a->tplane + o;
        float *sums = du + (p * a->oc + o) * a->c;
        /* Two vectors are one panel of 16 maps or two. */
        next = unit + (LANES == 16 && unit + 1 < to && o + 16 < a->oc ? 2 : 1);
        if (LANES == 8 || next - unit == 2)
            outers(x, y, sums, tiles, a->c, a->oc, begins, 2);
        else
            outers(x, y, sums, tiles, a->c, a->oc, begins, 1);
    }
}

WIDE void NAME(outer)(void *data) {
    const struct gradient *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, POINTS * (a->oc / 16));
    points(a, a->v, a->t, a->du, a->tiles, a->begins, mine.from, mine.to);
}

/* Both stages over a part's own tiles, with sums of its own. */
WIDE void NAME(apart)(void *data) {
    const struct gradient *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->parts);
    for (long part = mine.from; part < mine.to; part++) {
        const long begin = a->all * part / a->parts, end = a->all * (part + 1) / a->parts;
        float *v = a->v + part * POINTS * (a->vplane + a->tplane), *t = v + POINTS * a->vplane,
              *du = a->du + part * POINTS * a->c * a->oc;
        for (long first = begin; first < end; first += a->tiles) {
            const long tiles = end - first < a->tiles ? end - first : a->tiles;
            for (long k = 0; k < (a->c + a->oc) / LANES; k++)
                transform(a, v, t, a->sums + part * a->oc, k, first, tiles, first == begin);
            points(a, v, t, du, tiles, first == begin, 0, POINTS * (a->oc / 16));
        }
    }
}
