/* Upsampling and convolution in one, behind winograd_lanes.h, whose vectors and products it uses. */

/* 3 x 3 vectors around a tile's middle to the nine that products are taken of, `plane` floats apart. */
INLINE void spread_middle(const float *x, long row, long column, int edge, long low, float *v, long plane) {
    vec t[3][3];
    for (int j = 0; j < 3; j++) {
        vec d[3];
        for (int i = 0; i < 3; i++) {
            const long r = row + i - 1, c = column + j - 1;
            d[i] = LOAD(edge && (r < 0 || r >= low || c < 0 || c >= low) ? zeros : x + (r * low + c) * LANES);
        }
        t[0][j] = d[0] - d[1], t[1][j] = d[1], t[2][j] = d[2] - d[1];
    }
    for (int i = 0; i < 3; i++) {
        STORE(v + (i * 3 + 0) * plane, t[i][0] - t[i][1]);
        STORE(v + (i * 3 + 1) * plane, t[i][1]);
        STORE(v + (i * 3 + 2) * plane, t[i][2] - t[i][1]);
    }
}

/* 25 vectors to a tile of 4 x 4, added to what stands there. */
INLINE void gather_middle(const float *m, long plane, float *y, long row, long column, int edge, long big, vec floor) {
    static const int other[4] = {0, 1, 3, 4};
    vec t[4][SUMS];
    for (int j = 0; j < SUMS; j++) {
        const vec s = LOAD(m + (2 * SUMS + j) * plane);
        for (int i = 0; i < 4; i++)
            t[i][j] = LOAD(m + (other[i] * SUMS + j) * plane) + s;
    }
    for (int i = 0; i < 4; i++) {
        const long r = row + i;
        if (edge && (r < 0 || r >= big))
            continue;
        for (int j = 0; j < 4; j++) {
            const long c = column + j;
            if (edge && (c < 0 || c >= big))
                continue;
            float *o = y + (r * big + c) * LANES;
            STORE(o, MAX(LOAD(o) + (t[i][other[j]] + t[i][2]), floor));
        }
    }
}

WIDE void UPSAMPLED_PART(void *data) {
    const struct upsampled *a = data;
    const long low = a->low, big = 2 * low, across = low / 2 + 1, image = across * across, all = a->images * image,
               part = a->oc / a->parts;
    const long vplane = winograd_padded(a->share * a->c), mplane = winograd_padded(a->share * part);
    const vec floor = a->rectify ? 0.0f : -__builtin_inff();
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->units);
    float *v = a->scratch + me.thread * (9 * vplane + PRODUCTS * mplane), *m = v + 9 * vplane;
    long done = -1;
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long first = unit / a->parts * a->share, tiles = all - first < a->share ? all - first : a->share,
                   o = unit % a->parts * part;
        if (done != first) {
            for (long k = 0; k < a->c / LANES; k++)
                for (long t = 0; t < tiles; t++) {
                    const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                    const float *x = a->x + (n * (a->c / LANES) + k) * low * low * LANES;
                    if (ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1)
                        spread_middle(x, 2 * ty, 2 * tx, 1, low, v + t * a->c + k * LANES, vplane);
                    else
                        spread_middle(x, 2 * ty, 2 * tx, 0, low, v + t * a->c + k * LANES, vplane);
                }
            done = first;
        }
        for (int p = 0; p < PRODUCTS; p++)
            for (long q = 0; q < part; q += 2 * LANES) {
                const float *w = v + GROUP(p) * vplane, *u = a->u + (p * a->oc + o + q) * a->c;
                if (LANES == 8 || part - q > LANES)
                    products(w, u, m + p * mplane + q, tiles, a->c, part, 2);
                else
                    products(w, u, m + p * mplane + q, tiles, a->c, part, 1);
            }
        for (long q = 0; q < part / LANES; q++)
            for (long t = 0; t < tiles; t++) {
                const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                float *y = a->y + (n * (a->oc / LANES) + o / LANES + q) * big * big * LANES;
                const float *products_ = m + t * part + q * LANES;
                if (ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1)
                    gather_middle(products_, mplane, y, 4 * ty - 1, 4 * tx - 1, 1, big, floor);
                else
                    gather_middle(products_, mplane, y, 4 * ty - 1, 4 * tx - 1, 0, big, floor);
            }
    }
}

/* 4 x 4 outputs of a tile to the 25 gradients of its products, each in its group's plane: the way back of
 * gather_middle. */
INLINE void
widen_middle(const float *y, long row, long column, int edge, long big, float *t, long tiles, long i, long oc) {
    vec d[SUMS][4];
    for (int j = 0; j < 4; j++) {
        vec v[4];
        for (int k = 0; k < 4; k++) {
            const long r = row + k, c = column + j;
            v[k] = LOAD(edge && (r < 0 || r >= big || c < 0 || c >= big) ? zeros : y + (r * big + c) * LANES);
        }
        d[0][j] = v[0], d[1][j] = v[1], d[2][j] = (v[0] + v[1]) + (v[2] + v[3]), d[3][j] = v[2], d[4][j] = v[3];
    }
    for (int p = 0; p < SUMS; p++) {
        const vec all[SUMS] = {d[p][0], d[p][1], (d[p][0] + d[p][1]) + (d[p][2] + d[p][3]), d[p][2], d[p][3]};
        for (int q = 0; q < SUMS; q++) {
            const int at = p * SUMS + q, g = GROUP(at);
            STORE(t + BEFORE(g) * tiles * oc + (i * USERS(g) + PLACE(at)) * oc, all[q]);
        }
    }
}

/* Nine gradients to the 3 x 3 pixels around a tile's middle, of the rows from `first` on before `end`: the way back of
 * spread_middle. A pixel's first tile, the one that it is the middle of or lies behind, sets it. */
INLINE void
gather_pixels(const float *m, long plane, float *x, long row, long column, long first, long end, long low, int add) {
    vec t[3][3];
    for (int j = 0; j < 3; j++) {
        const vec e = LOAD(m + j * plane), s = LOAD(m + (3 + j) * plane), g = LOAD(m + (6 + j) * plane);
        t[0][j] = e, t[1][j] = s - e - g, t[2][j] = g;
    }
    for (int i = 0; i < 3; i++) {
        const long r = row + i;
        if (r < first || r >= end)
            continue;
        const vec all[3] = {t[i][0], t[i][1] - t[i][0] - t[i][2], t[i][2]};
        for (int j = 0; j < 3; j++) {
            const long c = column + j;
            if (c < 0 || c >= low)
                continue;
            float *o = x + (r * low + c) * LANES;
            STORE(o, !add && i > 0 && j > 0 ? all[j] : LOAD(o) + all[j]);
        }
    }
}

WIDE void UPSAMPLED_BACK_PART(void *data) {
    const struct upsampled_back *a = data;
    const long low = a->low, big = 2 * low, half = low / 2, across = half + 1, c = a->c, oc = a->oc,
               plane = a->tiles * c;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->parts);
    for (long part = mine.from; part < mine.to; part++) {
        float *t = a->scratch + part * a->tiles * (PRODUCTS * oc + 18 * c), *v = t + PRODUCTS * a->tiles * oc,
              *m = v + 9 * plane;
        float *du = a->du + part * PRODUCTS * c * oc;
        int begins = 1;
        for (long pair = a->images * half * part / a->parts, end = a->images * half * (part + 1) / a->parts, next;
             pair < end; pair = next) {
            /* Pairs from ..< until of an image. The tiles behind them reach back to their last row, but count for the
             * weights only where nobody else has them. */
            const long n = pair / half, begin = pair % half,
                       until = half - begin < end - pair ? half : begin + end - pair,
                       counted = until == half ? half + 1 : until;
            next = pair + until - begin;
            for (long first = begin; first <= until; first += a->rows) {
                const long rows = until + 1 - first < a->rows ? until + 1 - first : a->rows, tiles = rows * across;
                for (long k = 0; k < oc / LANES; k++)
                    for (long i = 0; i < tiles; i++) {
                        const long ty = first + i / across, tx = i % across;
                        const float *y = a->dy + (n * (oc / LANES) + k) * big * big * LANES;
                        if (ty == 0 || tx == 0 || ty == half || tx == half)
                            widen_middle(y, 4 * ty - 1, 4 * tx - 1, 1, big, t + k * LANES, a->tiles, i, oc);
                        else
                            widen_middle(y, 4 * ty - 1, 4 * tx - 1, 0, big, t + k * LANES, a->tiles, i, oc);
                    }
                for (long k = 0; k < c / LANES; k++)
                    for (long i = 0; i < tiles; i++) {
                        const long ty = first + i / across, tx = i % across;
                        const float *x = a->x + (n * (c / LANES) + k) * low * low * LANES;
                        if (ty == 0 || tx == 0 || ty == half || tx == half)
                            spread_middle(x, 2 * ty, 2 * tx, 1, low, v + i * c + k * LANES, plane);
                        else
                            spread_middle(x, 2 * ty, 2 * tx, 0, low, v + i * c + k * LANES, plane);
                    }
                for (int g = 0; g < 9; g++)
                    for (long q = 0; q < c; q += 2 * LANES) {
                        const float *w = t + BEFORE(g) * a->tiles * oc,
                                    *u = a->u + BEFORE(g) * oc * c + q * USERS(g) * oc;
                        if (LANES == 8 || c - q > LANES)
                            products(w, u, m + g * plane + q, tiles, USERS(g) * oc, c, 2);
                        else
                            products(w, u, m + g * plane + q, tiles, USERS(g) * oc, c, 1);
                    }
                for (long k = 0; k < c / LANES; k++)
                    for (long i = 0; i < tiles; i++)
                        gather_pixels(
                            m + i * c + k * LANES, plane, a->dx + (n * (c / LANES) + k) * low * low * LANES,
                            2 * (first + i / across) - 1, 2 * (i % across) - 1, 2 * begin, 2 * until, low, a->add
                        );
                const long mine = (counted - first < rows ? counted - first : rows) * across;
                for (int p = 0; p < PRODUCTS && mine > 0; p++) {
                    const int g = GROUP(p);
                    const float *y = t + BEFORE(g) * a->tiles * oc + PLACE(p) * oc;
                    for (long o = 0; o < oc; o += 2 * LANES) {
                        float *sums = du + (p * oc + o) * c;
                        if (LANES == 8 || oc - o > LANES)
                            outers(v + g * plane, y + o, sums, mine, c, USERS(g) * oc, begins, 2);
                        else
                            outers(v + g * plane, y + o, sums, mine, c, USERS(g) * oc, begins, 1);
                    }
                }
                begins = 0;
            }
        }
    }
}
