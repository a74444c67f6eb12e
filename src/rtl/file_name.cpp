// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtldissectname
// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlisfatdbcslegal
// @cite(wdk-ddi): page=ntifs/nf-ntifs-_fsrtl_advanced_fcb_header-fsrtlishpfsdbcslegal
// @cite(wdk-ddi): page=ntddk/nf-ntddk-fsrtlistotaldevicefailure
#include "rtl/file_name.h"

#include "rtl/strings.h"

#include <algorithm>

namespace ringside::rtl {

namespace {

template <typename String>
void dissect(String const& whole, String& first, String& remaining)
{
    auto* at = whole.Buffer;
    size_t count = whole.Length / sizeof *at;
    auto make = [](auto* from, size_t characters) {
        auto const bytes = static_cast<USHORT>(characters * sizeof *from);
        return String { bytes, bytes, characters ? from : nullptr };
    };
    if (count && *at == '\\') {
        ++at;
        --count;
    }
    size_t const end = static_cast<size_t>(std::find(at, at + count, '\\') - at);
    first = make(at, end);
    remaining = end < count ? make(at + end + 1, count - end - 1) : String {};
}

using Judge = bool (*)(std::string_view part, bool wild_cards);

// A name, or a path of names, each of which the file system must allow.
bool legal(std::string_view name, bool wild_cards, bool path, bool leading_backslash, Judge judge)
{
    if (!name.empty() && name.front() == '\\') {
        if (!leading_backslash)
            return false;
        name.remove_prefix(1);
    }
    for (;;) {
        size_t const slash = path ? name.find('\\') : name.npos;
        if (!judge(name.substr(0, slash), wild_cards))
            return false;
        if (slash == name.npos)
            return true;
        name.remove_prefix(slash + 1);
    }
}

bool has_any(std::string_view name, std::string_view illegal, bool wild_cards)
{
    return std::ranges::any_of(name, [&](char c) {
        return static_cast<UCHAR>(c) < 0x20 || illegal.find(c) != illegal.npos
            || (!wild_cards && std::string_view("*?<>\"").find(c) != std::string_view::npos);
    });
}

bool fat_judge(std::string_view name, bool wild_cards)
{
    size_t const dot = name.find('.');
    std::string_view const base = name.substr(0, dot);
    bool const plain = dot == name.npos;
    std::string_view const extension = plain ? std::string_view() : name.substr(dot + 1);
    auto good = [](std::string_view part, size_t longest) {
        return !part.empty() && part.size() <= longest && part.back() != ' ' && part.find('.') == part.npos;
    };
    return good(base, 8) && (plain || good(extension, 3)) && !has_any(name, "\\/:|+,;=[]", wild_cards);
}

bool hpfs_judge(std::string_view name, bool wild_cards)
{
    return !name.empty() && name.size() <= 255 && name.back() != '.' && name.back() != ' '
        && !has_any(name, "\\/:|", wild_cards);
}

} // namespace

// A path may stand where a result goes.
void FsRtlDissectName(UNICODE_STRING const* path, UNICODE_STRING* first, UNICODE_STRING* remaining)
{
    UNICODE_STRING const whole = *path;
    dissect(whole, *first, *remaining);
}

void FsRtlDissectDbcs(STRING const* path, STRING* first, STRING* remaining)
{
    STRING const whole = *path;
    dissect(whole, *first, *remaining);
}

BOOLEAN FsRtlIsFatDbcsLegal(STRING const* name, BOOLEAN wild_cards, BOOLEAN path, BOOLEAN leading_backslash)
{
    return legal(view(*name), wild_cards, path, leading_backslash, fat_judge);
}

BOOLEAN FsRtlIsHpfsDbcsLegal(STRING const* name, BOOLEAN wild_cards, BOOLEAN path, BOOLEAN leading_backslash)
{
    return legal(view(*name), wild_cards, path, leading_backslash, hpfs_judge);
}

// What a file system has no answer to: its own faults.
BOOLEAN FsRtlIsNtstatusExpected(NTSTATUS status)
{
    return status != STATUS_DATATYPE_MISALIGNMENT && status != STATUS_ACCESS_VIOLATION
        && status != STATUS_ILLEGAL_INSTRUCTION && status != STATUS_INSTRUCTION_MISALIGNMENT;
}

NTSTATUS FsRtlNormalizeNtstatus(NTSTATUS status, NTSTATUS generic)
{
    return FsRtlIsNtstatusExpected(status) ? status : generic;
}

BOOLEAN FsRtlIsTotalDeviceFailure(NTSTATUS status)
{
    return !NT_SUCCESS(status) && status != STATUS_CRC_ERROR && status != STATUS_DEVICE_DATA_ERROR;
}

} // namespace ringside::rtl
