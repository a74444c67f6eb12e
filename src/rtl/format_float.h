// SPDX-License-Identifier: MIT
// The digits of a double for %e %f %g %a, as the current Microsoft library prints them: exact decimal expansion, an
// exponent of at least two digits, "inf" and "nan". Kernel drivers hardly ever print these, but a conversion that
// prints nonsense would be a silent stub.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringside::rtl {

// 309 digits before the point, the point, and the longest expansion that is not all zeros after it.
inline constexpr int64_t kMaxFloatPrecision = 1080;

struct FloatText {
    bool negative = false;
    bool finite = true;
    std::string_view prefix; // "0x"
    std::string_view head; // digits up to where only zeros follow
    int64_t zeros = 0; // so many of them
    std::string_view tail; // the exponent
    char storage[kMaxFloatPrecision + 340];
};

// `precision` below 0 means the default.
void float_text(double value, char conversion, int64_t precision, bool alternate, FloatText& into);

} // namespace ringside::rtl
