/* How every kernel gets its share of the work. libgomp's entry point is declared here, since clang's -fopenmp would bring a second runtime beside oneDNN's. */
#ifndef PAPILLA_POOL_H
#define PAPILLA_POOL_H
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int);

#define AVX2 __attribute__((target("avx2,fma")))
/* This thread's part, from <= i < to, of n units. */
#define SHARE(n) \
    const long thread_ = omp_get_thread_num(), threads_ = omp_get_num_threads(); \
    const long from = (n) * thread_ / threads_, to = (n) * (thread_ + 1) / threads_
/* At most so many threads take part in a sum. */
#define MOST_THREADS 256
#endif
