// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlfindunicodeprefix
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlinsertunicodeprefix
#include "rtl/unicode_prefix.h"

#include "rtl/case_table.h"
#include "rtl/strings.h"

namespace ringside::rtl {

namespace {

constexpr SHORT kTableType = 0x800;
constexpr SHORT kEntryType = 0x801;

// By capitals first, so that names which differ in case alone stand together.
LONG order(UNICODE_STRING const* a, UNICODE_STRING const* b)
{
    LONG const capitals = RtlCompareUnicodeString(a, b, TRUE);
    return capitals ? capitals : RtlCompareUnicodeString(a, b, FALSE);
}

// Whether the prefix is the name or its beginning up to a backslash.
bool begins(std::u16string_view prefix, std::u16string_view name, size_t insensitive_from)
{
    if (prefix.size() > name.size() || prefix.empty())
        return false;
    for (size_t i = 0; i < prefix.size(); ++i)
        if (prefix[i] != name[i] && (i < insensitive_from || upcase(prefix[i]) != upcase(name[i])))
            return false;
    return prefix.size() == name.size() || prefix.back() == u'\\' || name[prefix.size()] == u'\\';
}

} // namespace

void RtlInitializeUnicodePrefix(UNICODE_PREFIX_TABLE* table)
{
    *table = { .NodeTypeCode = kTableType, .NameLength = 0, .NextPrefixTree = nullptr, .LastNextEntry = nullptr };
}

BOOLEAN RtlInsertUnicodePrefix(UNICODE_PREFIX_TABLE* table, UNICODE_STRING* prefix, UNICODE_PREFIX_TABLE_ENTRY* entry)
{
    UNICODE_PREFIX_TABLE_ENTRY** link = &table->NextPrefixTree;
    while (*link) {
        LONG const compared = order((*link)->Prefix, prefix);
        if (compared == 0)
            return FALSE;
        if (compared > 0)
            break;
        link = &(*link)->NextPrefixTree;
    }
    *entry = {};
    entry->NodeTypeCode = kEntryType;
    entry->NameLength = static_cast<SHORT>(prefix->Length / sizeof(char16_t));
    entry->Prefix = prefix;
    entry->NextPrefixTree = *link;
    *link = entry;
    return TRUE;
}

void RtlRemoveUnicodePrefix(UNICODE_PREFIX_TABLE* table, UNICODE_PREFIX_TABLE_ENTRY* entry)
{
    UNICODE_PREFIX_TABLE_ENTRY* before = nullptr;
    for (auto* at = table->NextPrefixTree; at; before = at, at = at->NextPrefixTree) {
        if (at != entry)
            continue;
        (before ? before->NextPrefixTree : table->NextPrefixTree) = entry->NextPrefixTree;
        // An enumeration that stood here goes on behind the one before; without one it starts anew.
        if (table->LastNextEntry == entry)
            table->LastNextEntry = before;
        return;
    }
}

UNICODE_PREFIX_TABLE_ENTRY* RtlFindUnicodePrefix(UNICODE_PREFIX_TABLE* table, UNICODE_STRING const* full_name,
                                                 ULONG case_insensitive_index)
{
    UNICODE_PREFIX_TABLE_ENTRY* best = nullptr;
    for (auto* at = table->NextPrefixTree; at; at = at->NextPrefixTree)
        if ((!best || at->Prefix->Length > best->Prefix->Length)
            && begins(view(*at->Prefix), view(*full_name), case_insensitive_index))
            best = at;
    return best;
}

UNICODE_PREFIX_TABLE_ENTRY* RtlNextUnicodePrefix(UNICODE_PREFIX_TABLE* table, BOOLEAN restart)
{
    auto* const next = restart || !table->LastNextEntry ? table->NextPrefixTree : table->LastNextEntry->NextPrefixTree;
    if (next)
        table->LastNextEntry = next;
    return next;
}

} // namespace ringside::rtl
