// SPDX-License-Identifier: MIT
// The printf family: one template per way of treating a text that does not fit, over rtl::format.
#include "rtl/printf.h"

#include "rtl/format.h"

#include <algorithm>

namespace ringside::rtl {

namespace {

// A length as the C library returns it; a text beyond INT_MAX cannot be expressed and counts as an error.
int as_int(int64_t length) { return length > INT32_MAX ? -1 : static_cast<int>(length); }

constexpr FormatRules kPlain { .refuse_unconvertible = true };
constexpr FormatRules kChecked { .refuse_unconvertible = true, .refuse_unknown = true };

template <typename Char>
int bounded(Char* buffer, size_t count, Char const* text, Arguments arguments)
{
    if (!text || (buffer == nullptr) != (count == 0))
        return -1;
    int64_t length = format(buffer, count, text, arguments, kPlain);
    if (!buffer)
        return length < 0 ? -1 : as_int(length); // asks how much room is needed
    if (length < 0) {
        buffer[0] = 0;
        return -1;
    }
    if (static_cast<uint64_t>(length) < count) {
        buffer[length] = 0;
        return as_int(length);
    }
    return static_cast<uint64_t>(length) == count ? as_int(length) : -1;
}

template <typename Char>
int unbounded(Char* buffer, Char const* text, Arguments arguments)
{
    if (!buffer || !text)
        return -1;
    int64_t length = format(buffer, SIZE_MAX, text, arguments, kPlain);
    buffer[std::max<int64_t>(length, 0)] = 0;
    return as_int(length);
}

template <typename Char>
int secure(Char* buffer, size_t size, size_t count, Char const* text, Arguments arguments)
{
    if (!buffer || size == 0 || !text)
        return -1;
    // With a count below the size the text is cut there; else it must fit, unless the caller asked for truncation.
    bool may_cut = count == kTruncate || count < size;
    size_t room = std::min(count, size - 1);
    int64_t length = format(buffer, room, text, arguments, kChecked);
    if (length < 0) {
        buffer[0] = 0;
        return -1;
    }
    if (static_cast<uint64_t>(length) <= room) {
        buffer[length] = 0;
        return as_int(length);
    }
    buffer[may_cut ? room : 0] = 0;
    return -1;
}

// The same with a count of its own: nothing asked of nothing is no error, and a count of 0 never succeeds otherwise.
template <typename Char>
int secure_counted(Char* buffer, size_t size, size_t count, Char const* text, Arguments arguments)
{
    if (!buffer && size == 0 && count == 0 && text)
        return 0;
    int const length = secure(buffer, size, count, text, arguments);
    return count == 0 ? -1 : length;
}

template <typename T>
T* pointer(uint64_t slot)
{
    return reinterpret_cast<T*>(slot);
}

uint64_t returned(int value) { return static_cast<uint32_t>(value); }

} // namespace

int _vsnprintf(char* buffer, size_t count, char const* text, Arguments arguments)
{
    return bounded(buffer, count, text, arguments);
}

int _vsnwprintf(char16_t* buffer, size_t count, char16_t const* text, Arguments arguments)
{
    return bounded(buffer, count, text, arguments);
}

int vsprintf(char* buffer, char const* text, Arguments arguments) { return unbounded(buffer, text, arguments); }

int vswprintf(char16_t* buffer, char16_t const* text, Arguments arguments)
{
    return unbounded(buffer, text, arguments);
}

int vsprintf_s(char* buffer, size_t size, char const* text, Arguments arguments)
{
    return secure(buffer, size, size, text, arguments);
}

int vswprintf_s(char16_t* buffer, size_t size, char16_t const* text, Arguments arguments)
{
    return secure(buffer, size, size, text, arguments);
}

int _vsnprintf_s(char* buffer, size_t size, size_t count, char const* text, Arguments arguments)
{
    return secure_counted(buffer, size, count, text, arguments);
}

int _vsnwprintf_s(char16_t* buffer, size_t size, size_t count, char16_t const* text, Arguments arguments)
{
    return secure_counted(buffer, size, count, text, arguments);
}

uint64_t snprintf_body(uint64_t* a)
{
    return returned(bounded(pointer<char>(a[0]), a[1], pointer<char const>(a[2]), a + 3));
}

uint64_t snwprintf_body(uint64_t* a)
{
    return returned(bounded(pointer<char16_t>(a[0]), a[1], pointer<char16_t const>(a[2]), a + 3));
}

uint64_t sprintf_body(uint64_t* a)
{
    return returned(unbounded(pointer<char>(a[0]), pointer<char const>(a[1]), a + 2));
}

uint64_t swprintf_body(uint64_t* a)
{
    return returned(unbounded(pointer<char16_t>(a[0]), pointer<char16_t const>(a[1]), a + 2));
}

uint64_t sprintf_s_body(uint64_t* a)
{
    return returned(secure(pointer<char>(a[0]), a[1], a[1], pointer<char const>(a[2]), a + 3));
}

uint64_t swprintf_s_body(uint64_t* a)
{
    return returned(secure(pointer<char16_t>(a[0]), a[1], a[1], pointer<char16_t const>(a[2]), a + 3));
}

uint64_t snprintf_s_body(uint64_t* a)
{
    return returned(secure_counted(pointer<char>(a[0]), a[1], a[2], pointer<char const>(a[3]), a + 4));
}

uint64_t snwprintf_s_body(uint64_t* a)
{
    return returned(secure_counted(pointer<char16_t>(a[0]), a[1], a[2], pointer<char16_t const>(a[3]), a + 4));
}

} // namespace ringside::rtl
