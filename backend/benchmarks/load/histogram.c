/* Times in microseconds, to within 1.6 %: 64 buckets for each doubling. */
#include "load.h"

void histogram_add(Histogram *histogram, uint64_t nanoseconds) {
    uint64_t value = nanoseconds / 1000;
    if (value > histogram->longest) histogram->longest = value;
    if (value >= (uint64_t)FINE << OCTAVES) value = ((uint64_t)FINE << OCTAVES) - 1;
    int octave = value < 2 * FINE ? 0 : 63 - __builtin_clzll(value / FINE);
    histogram->buckets[(uint64_t)FINE * (uint64_t)octave + (value >> octave)]++;
    histogram->count++;
}

/* The milliseconds within which this share of all stayed: the upper edge of a bucket. */
double histogram_ms(const Histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)((double)histogram->count * share), seen = 0;
    if (!histogram->count) return 0;
    for (uint64_t i = 0; i < FINE * (OCTAVES + 2); i++) {
        seen += histogram->buckets[i];
        if (seen > wanted || seen == histogram->count) {
            uint64_t octave = i < 2 * FINE ? 0 : i / FINE - 1;
            uint64_t edge = (i - FINE * octave + 1) << octave;
            return (double)(edge < histogram->longest ? edge : histogram->longest) / 1000;
        }
    }
    return (double)histogram->longest / 1000;
}
