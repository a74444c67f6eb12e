// SPDX-License-Identifier: MIT
// Short (8.3) names: NAME~1.EXT to NAME~4.EXT, and from then on two letters and a check sum before the tilde.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlgenerate8dot3name
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlisnamelegaldos8dot3
#include "rtl/case_table.h"
#include "rtl/code_page.h"
#include "rtl/file_name.h"
#include "rtl/strings.h"

#include <algorithm>

namespace ringside::rtl {

namespace {

constexpr size_t kBaseMax = 8;
constexpr size_t kPlainIndexMax = 4;
constexpr ULONG kIndexMax = 1'000'000;

bool is_one_of(char16_t c, std::u16string_view set) { return set.find(c) != set.npos; }

// One character of a short name; 0: left out.
char16_t short_character(char16_t c, bool allow_extended)
{
    if (c <= u' ' || c == u'.' || is_one_of(c, u"\"*/<>?\\|\x7f"))
        return 0;
    if (is_one_of(c, u":;,+=[]"))
        return u'_';
    if (c < 0x80)
        return upcase(c);
    if (!allow_extended)
        return 0;
    char16_t const capital = upcase(c);
    return kOem.to_unicode(kOem.to_byte(capital)) == capital ? capital : u'\0';
}

USHORT check_sum(std::u16string_view name)
{
    uint32_t sum = 0;
    for (char16_t c : name)
        sum = sum * 0x25 + c;
    return static_cast<USHORT>(sum ^ sum >> 16);
}

void insert_check_sum(GENERATE_NAME_CONTEXT& context)
{
    context.NameLength = std::min<UCHAR>(context.NameLength, 2);
    for (int shift = 12; shift >= 0; shift -= 4)
        context.NameBuffer[context.NameLength++] = u"0123456789ABCDEF"[context.Checksum >> shift & 15];
    context.CheckSumInserted = TRUE;
}

void begin(std::u16string_view name, bool allow_extended, GENERATE_NAME_CONTEXT& context)
{
    name.remove_prefix(std::min(name.find_first_not_of(u'.'), name.size()));
    size_t const dot = name.rfind(u'.');
    context.Checksum = check_sum(name);
    for (char16_t c : name.substr(0, dot))
        if (char16_t const made = short_character(c, allow_extended); made && context.NameLength < 6)
            context.NameBuffer[context.NameLength++] = made;
    if (dot != name.npos)
        for (char16_t c : name.substr(dot + 1))
            if (char16_t const made = short_character(c, allow_extended); made && context.ExtensionLength < 3)
                context.ExtensionBuffer[context.ExtensionLength++] = made;
    if (context.NameLength <= 2)
        insert_check_sum(context); // too little is left to tell names apart
}

} // namespace

NTSTATUS RtlGenerate8dot3Name(UNICODE_STRING const* name, BOOLEAN allow_extended, GENERATE_NAME_CONTEXT* context,
                              UNICODE_STRING* short_name)
{
    if (context->LastIndexValue == 0 && context->NameLength == 0)
        begin(view(*name), allow_extended, *context);
    else if (context->LastIndexValue >= kIndexMax)
        return STATUS_FILE_SYSTEM_LIMITATION;
    if (++context->LastIndexValue > kPlainIndexMax && !context->CheckSumInserted) {
        context->LastIndexValue = 1;
        insert_check_sum(*context);
    }
    char16_t digits[8];
    size_t digit_count = 0;
    for (ULONG value = context->LastIndexValue; value; value /= 10)
        digits[digit_count++] = static_cast<char16_t>(u'0' + value % 10);
    char16_t made[12];
    size_t length = std::min<size_t>(std::min<size_t>(context->NameLength, kBaseMax), kBaseMax - 1 - digit_count);
    std::copy_n(context->NameBuffer, length, made);
    made[length++] = u'~';
    while (digit_count)
        made[length++] = digits[--digit_count];
    size_t const extension = std::min<size_t>(context->ExtensionLength, 3);
    if (extension) {
        made[length++] = u'.';
        std::copy_n(context->ExtensionBuffer, extension, made + length);
        length += extension;
    }
    std::copy_n(made, length, short_name->Buffer);
    short_name->Length = static_cast<USHORT>(length * sizeof(char16_t));
    return STATUS_SUCCESS;
}

BOOLEAN RtlIsNameLegalDOS8Dot3(UNICODE_STRING const* name, STRING* oem_name, BOOLEAN* contains_spaces)
{
    std::u16string_view const text = view(*name);
    char oem[12];
    if (text.empty() || text.size() > sizeof oem || (oem_name && oem_name->MaximumLength < text.size()))
        return FALSE;
    for (size_t i = 0; i < text.size(); ++i) {
        char16_t const capital = upcase(text[i]);
        uint8_t const byte = kOem.to_byte(capital);
        if (kOem.to_unicode(byte) != capital)
            return FALSE;
        oem[i] = static_cast<char>(byte);
    }
    auto const length = static_cast<USHORT>(text.size());
    if (oem_name) {
        std::copy_n(oem, length, oem_name->Buffer);
        oem_name->Length = length;
    }
    STRING const converted { length, length, oem };
    if (text != u"." && text != u".." && !FsRtlIsFatDbcsLegal(&converted, FALSE, FALSE, FALSE))
        return FALSE;
    if (contains_spaces)
        *contains_spaces = is_one_of(u' ', text);
    return TRUE;
}

} // namespace ringside::rtl
