// SPDX-License-Identifier: MIT
// The printf engine, one template for narrow and wide output. A conversion is parsed into a Spec, then printed by kind;
// padding is counted, never buffered, so that a huge width costs nothing beyond the caller's capacity.
#include "rtl/format.h"

#include "nt/basic.h"
#include "rtl/code_page.h"
#include "rtl/format_float.h"

#include <algorithm>
#include <string_view>

namespace ringside::rtl {

namespace {

enum class Size : uint8_t { Default, Byte, Short, Long, Wide, Int32, Int64 };

struct Spec {
    bool minus = false;
    bool plus = false;
    bool space = false;
    bool alternate = false;
    bool zero = false;
    Size size = Size::Default;
    int64_t width = 0;
    int64_t precision = -1; // none
};

template <typename Char>
class Engine {
public:
    Engine(Char* into, size_t capacity, uint64_t const* arguments, FormatRules rules)
        : m_into(into)
        , m_capacity(capacity)
        , m_arguments(arguments)
        , m_rules(rules)
    {
    }

    int64_t run(Char const* text)
    {
        while (*text) {
            if (*text != '%') {
                put(*text++);
                continue;
            }
            ++text;
            Spec spec;
            text = parse(text, spec);
            if (!*text) { // a lone % at the end prints nothing
                if (m_rules.refuse_unknown)
                    return kFormatError;
                break;
            }
            if (!convert(*text++, spec))
                return kFormatError;
        }
        return static_cast<int64_t>(m_length);
    }

private:
    static constexpr bool kWide = sizeof(Char) == 2;

    void put(Char c)
    {
        if (m_length < m_capacity)
            m_into[m_length] = c;
        ++m_length;
    }
    void put_narrow(char c)
    {
        if constexpr (kWide)
            put(kAnsi.to_unicode(static_cast<uint8_t>(c)));
        else
            put(c);
    }
    void put_wide(char16_t c)
    {
        if constexpr (kWide)
            put(c);
        else
            put(static_cast<char>(kAnsi.to_byte(c)));
    }
    void fill(char c, int64_t count)
    {
        if (count <= 0)
            return;
        // What does not fit is only counted: "%2000000000d" must not loop.
        auto left = static_cast<uint64_t>(count);
        for (; left && m_length < m_capacity; --left)
            put(static_cast<Char>(c));
        m_length += left;
    }

    void put_ascii(std::string_view text)
    {
        for (char c : text)
            put(static_cast<Char>(c));
    }

    uint64_t next() { return *m_arguments++; }

    static bool is_digit(Char c) { return c >= '0' && c <= '9'; }

    static Char const* parse_number(Char const* text, int64_t& value)
    {
        for (value = 0; is_digit(*text); ++text)
            value = std::min<int64_t>(value * 10 + (*text - '0'), INT32_MAX);
        return text;
    }

    Char const* parse(Char const* text, Spec& spec)
    {
        for (;; ++text) {
            if (*text == '-')
                spec.minus = true;
            else if (*text == '+')
                spec.plus = true;
            else if (*text == ' ')
                spec.space = true;
            else if (*text == '#')
                spec.alternate = true;
            else if (*text == '0')
                spec.zero = true;
            else
                break;
        }
        if (*text == '*') {
            spec.width = static_cast<int32_t>(next());
            if (spec.width < 0) {
                spec.minus = true;
                spec.width = -spec.width;
            }
            ++text;
        } else
            text = parse_number(text, spec.width);
        if (*text == '.') {
            ++text;
            if (*text == '*') {
                spec.precision = static_cast<int32_t>(next());
                if (spec.precision < 0)
                    spec.precision = -1;
                ++text;
            } else
                text = parse_number(text, spec.precision);
        }
        return parse_size(text, spec);
    }

    static Char const* parse_size(Char const* text, Spec& spec)
    {
        for (;; ++text)
            switch (*text) {
            case 'h': spec.size = spec.size == Size::Short ? Size::Byte : Size::Short; break;
            case 'l': spec.size = spec.size == Size::Long ? Size::Int64 : Size::Long; break;
            case 'w': spec.size = Size::Wide; break;
            case 'j':
            case 'z':
            case 't': spec.size = Size::Int64; break;
            case 'L': break; // long double is double
            case 'I':
                if (text[1] == '6' && text[2] == '4') {
                    spec.size = Size::Int64;
                    text += 2;
                } else if (text[1] == '3' && text[2] == '2') {
                    spec.size = Size::Int32;
                    text += 2;
                } else
                    spec.size = Size::Int64; // the size of a pointer
                break;
            default: return text;
            }
    }

    bool convert(Char conversion, Spec& spec)
    {
        switch (conversion) {
        case 'd':
        case 'i': {
            int64_t value = signed_argument(spec.size);
            bool negative = value < 0;
            uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
            integer(magnitude, 10, false, negative ? "-" : spec.plus ? "+" : spec.space ? " " : "", spec);
            return true;
        }
        case 'u': integer(unsigned_argument(spec.size), 10, false, "", spec); return true;
        case 'o': integer(unsigned_argument(spec.size), 8, false, "", spec); return true;
        case 'x':
        case 'X': {
            uint64_t value = unsigned_argument(spec.size);
            bool upper = conversion == 'X';
            integer(value, 16, upper, spec.alternate && value ? (upper ? "0X" : "0x") : "", spec);
            return true;
        }
        case 'p':
            if (spec.precision < 0)
                spec.precision = 2 * sizeof(void*);
            integer(next(), 16, true, spec.alternate ? "0X" : "", spec);
            return true;
        case 'c': character(names_wide(spec.size, kWide), spec); return true;
        case 'C': character(names_wide(spec.size, !kWide), spec); return true;
        case 's': return terminated(names_wide(spec.size, kWide), spec);
        case 'S': return terminated(names_wide(spec.size, !kWide), spec);
        case 'Z': return counted(names_wide(spec.size, false), spec);
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
        case 'a':
        case 'A': real(static_cast<char>(conversion), spec); return true;
        case 'n': return false; // would write through an argument: refused, as the C library does by default
        default: put(conversion); return conversion == '%' || !m_rules.refuse_unknown;
        }
    }

    // Whether a character or string argument is wide: the size decides, else the default of the conversion.
    static bool names_wide(Size size, bool otherwise)
    {
        switch (size) {
        case Size::Long:
        case Size::Wide:
        case Size::Int64: return true;
        case Size::Short:
        case Size::Byte: return false;
        default: return otherwise;
        }
    }

    int64_t signed_argument(Size size)
    {
        uint64_t slot = next();
        switch (size) {
        case Size::Byte: return static_cast<int8_t>(slot);
        case Size::Short: return static_cast<int16_t>(slot);
        case Size::Int64: return static_cast<int64_t>(slot);
        default: return static_cast<int32_t>(slot);
        }
    }
    uint64_t unsigned_argument(Size size)
    {
        uint64_t slot = next();
        switch (size) {
        case Size::Byte: return static_cast<uint8_t>(slot);
        case Size::Short: return static_cast<uint16_t>(slot);
        case Size::Int64: return slot;
        default: return static_cast<uint32_t>(slot);
        }
    }

    void integer(uint64_t value, unsigned base, bool upper, std::string_view prefix, Spec const& spec)
    {
        char digits[24]; // 22 octal digits at most
        size_t start = sizeof digits;
        for (; value; value /= base)
            digits[--start] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
        std::string_view text(digits + start, sizeof digits - start);
        int64_t wanted = spec.precision < 0 ? 1 : spec.precision;
        int64_t zeros = wanted - static_cast<int64_t>(text.size());
        if (base == 8 && spec.alternate && zeros <= 0)
            zeros = 1;
        number({ prefix, {}, zeros, text }, spec.zero && spec.precision < 0, spec);
    }

    // The parts of a number in print order; long runs of zeros are counted, not stored.
    struct Number {
        std::string_view prefix; // sign, 0x
        std::string_view head;
        int64_t zeros = 0;
        std::string_view tail;
    };

    void number(Number const& parts, bool zero_fill, Spec const& spec)
    {
        int64_t zeros = parts.zeros < 0 ? 0 : parts.zeros;
        auto size = static_cast<int64_t>(parts.prefix.size() + parts.head.size() + parts.tail.size()) + zeros;
        int64_t padding = spec.width - size;
        if (!spec.minus && !zero_fill)
            fill(' ', padding);
        put_ascii(parts.prefix);
        if (!spec.minus && zero_fill)
            fill('0', padding);
        put_ascii(parts.head);
        fill('0', zeros);
        put_ascii(parts.tail);
        if (spec.minus)
            fill(' ', padding);
    }

    void real(char conversion, Spec const& spec)
    {
        FloatText text;
        float_text(__builtin_bit_cast(double, next()), conversion, spec.precision, spec.alternate, text);
        std::string_view sign = text.negative ? "-" : spec.plus ? "+" : spec.space ? " " : "";
        char prefix[4];
        size_t size = sign.copy(prefix, 1);
        size += text.prefix.copy(prefix + size, 2);
        number({ { prefix, size }, text.head, text.zeros, text.tail }, spec.zero && text.finite, spec);
    }

    void character(bool wide, Spec const& spec)
    {
        uint64_t slot = next();
        if (wide) {
            char16_t c = static_cast<char16_t>(slot);
            if (!refused(&c, 1))
                string(&c, 1, spec);
        } else {
            char c = static_cast<char>(slot);
            string(&c, 1, spec);
        }
    }

    // Whether these characters cannot be printed: narrow output, and the ANSI page lacks one.
    bool refused(char16_t const* text, size_t length) const
    {
        if (kWide || !m_rules.refuse_unconvertible)
            return false;
        return std::any_of(text, text + length, [](char16_t c) { return c != u'?' && kAnsi.to_byte(c) == '?'; });
    }

    // False where a string is refused.
    bool terminated(bool wide, Spec const& spec)
    {
        uint64_t slot = next();
        if (wide)
            return terminated(reinterpret_cast<char16_t const*>(slot), spec);
        return terminated(reinterpret_cast<char const*>(slot), spec);
    }

    template <typename Source>
    bool terminated(Source const* text, Spec const& spec)
    {
        if (!text)
            return absent(spec);
        // The precision bounds the reading too: the string need not be terminated then.
        size_t length = 0;
        while ((spec.precision < 0 || length < static_cast<uint64_t>(spec.precision)) && text[length])
            ++length;
        return string(text, length, spec);
    }

    bool counted(bool wide, Spec const& spec)
    {
        auto const* text = reinterpret_cast<STRING const*>(next());
        if (!text || !text->Buffer)
            return absent(spec);
        size_t length = wide ? text->Length / sizeof(char16_t) : text->Length;
        if (spec.precision >= 0 && length > static_cast<uint64_t>(spec.precision))
            length = static_cast<size_t>(spec.precision);
        if (wide)
            return string(reinterpret_cast<char16_t const*>(text->Buffer), length, spec);
        return string(text->Buffer, length, spec);
    }

    bool absent(Spec const& spec)
    {
        std::string_view text = "(null)";
        if (spec.precision >= 0)
            text = text.substr(0, static_cast<size_t>(spec.precision));
        return string(text.data(), text.size(), spec);
    }

    template <typename Source>
    bool string(Source const* text, size_t length, Spec const& spec)
    {
        if constexpr (sizeof(Source) == 2)
            if (refused(text, length))
                return false;
        int64_t padding = spec.width - static_cast<int64_t>(length);
        if (!spec.minus)
            fill(spec.zero ? '0' : ' ', padding); // zeros before a string are the Microsoft library's way
        for (size_t i = 0; i < length; ++i)
            if constexpr (sizeof(Source) == 2)
                put_wide(text[i]);
            else
                put_narrow(text[i]);
        if (spec.minus)
            fill(' ', padding);
        return true;
    }

    Char* m_into;
    size_t m_capacity;
    size_t m_length = 0;
    uint64_t const* m_arguments;
    FormatRules m_rules;
};

} // namespace

int64_t format(char* into, size_t capacity, char const* text, uint64_t const* arguments, FormatRules rules)
{
    return Engine<char>(into, capacity, arguments, rules).run(text);
}

int64_t format(char16_t* into, size_t capacity, char16_t const* text, uint64_t const* arguments, FormatRules rules)
{
    return Engine<char16_t>(into, capacity, arguments, rules).run(text);
}

} // namespace ringside::rtl
