// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlinitializecorrelationvector
// @cite(wdk-ddi): page=ntddk/nf-ntddk-rtlvalidatecorrelationvector
#include "rtl/correlation_vector.h"

#include <cstring>
#include <string_view>

namespace ringside::rtl {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct Version {
    size_t base;   // characters of the base
    size_t longest; // of the whole, without the terminator
};
constexpr Version kVersions[] = { { 16, 63 }, { 22, 127 } };

Version const* version_of(LONG number) { return number == 1 || number == 2 ? &kVersions[number - 1] : nullptr; }

// The vector's text; empty where it is none.
std::string_view valid_text(CORRELATION_VECTOR const& vector, Version const& version)
{
    size_t const length = strnlen(vector.Vector, sizeof vector.Vector);
    std::string_view const text(vector.Vector, length);
    if (length > version.longest || length <= version.base)
        return {};
    if (text.substr(0, version.base).find_first_not_of(kDigits) != text.npos)
        return {};
    bool digit = true; // a dot must come now
    for (size_t i = version.base; i < length; ++i) {
        bool const dot = text[i] == '.';
        if (dot ? !digit : text[i] < '0' || text[i] > '9' || i == version.base)
            return {};
        digit = !dot;
    }
    return digit ? text : std::string_view();
}

} // namespace

NTSTATUS RtlInitializeCorrelationVector(CORRELATION_VECTOR* vector, LONG number, GUID const* guid)
{
    Version const* version = version_of(number);
    if (!vector || !guid || !version)
        return STATUS_INVALID_PARAMETER;
    uint8_t bytes[18] {};
    std::memcpy(bytes, guid, sizeof *guid);
    std::memset(vector->Vector, 0, sizeof vector->Vector);
    vector->Version = static_cast<CHAR>(number);
    size_t used = 0;
    for (size_t i = 0; used < version->base; i += 3) {
        uint32_t const three = static_cast<uint32_t>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
        for (int shift = 18; shift >= 0 && used < version->base; shift -= 6)
            vector->Vector[used++] = kDigits[three >> shift & 63];
    }
    std::memcpy(vector->Vector + used, ".0", 3);
    return STATUS_SUCCESS;
}

NTSTATUS RtlIncrementCorrelationVector(CORRELATION_VECTOR* vector)
{
    Version const* version = vector ? version_of(vector->Version) : nullptr;
    std::string_view const text = version ? valid_text(*vector, *version) : std::string_view();
    if (text.empty())
        return STATUS_INVALID_PARAMETER;
    size_t const first = text.rfind('.') + 1;
    uint64_t value = 0;
    for (char digit : text.substr(first))
        value = value * 10 + static_cast<uint64_t>(digit - '0');
    if (text.size() - first > 10 || value >= 0x7FFFFFFF)
        return STATUS_BUFFER_OVERFLOW;
    char digits[12];
    size_t count = 0;
    for (++value; value; value /= 10)
        digits[count++] = static_cast<char>('0' + value % 10);
    if (first + count > version->longest)
        return STATUS_BUFFER_OVERFLOW;
    char* at = vector->Vector + first;
    while (count)
        *at++ = digits[--count];
    *at = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlExtendCorrelationVector(CORRELATION_VECTOR* vector)
{
    Version const* version = vector ? version_of(vector->Version) : nullptr;
    std::string_view const text = version ? valid_text(*vector, *version) : std::string_view();
    if (text.empty() || text.size() + 2 > version->longest)
        return STATUS_INVALID_PARAMETER;
    std::memcpy(vector->Vector + text.size(), ".0", 3);
    return STATUS_SUCCESS;
}

// The page speaks of version 2 alone; one of version 1 is judged by its own lengths.
NTSTATUS RtlValidateCorrelationVector(CORRELATION_VECTOR* vector)
{
    Version const* version = vector ? version_of(vector->Version) : nullptr;
    return version && !valid_text(*vector, *version).empty() ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

} // namespace ringside::rtl
