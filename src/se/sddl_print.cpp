// SPDX-License-Identifier: MIT
#include "se/sddl.h"

namespace ringside::se {

namespace {

std::u16string hex(uint64_t value, unsigned width)
{
    std::u16string text;
    for (; value || text.size() < width; value >>= 4)
        text.insert(text.begin(), u"0123456789abcdef"[value & 15]);
    return text;
}

std::u16string sid_words(void const* sid)
{
    for (SidCode const& code : sid_codes())
        if (code.sid.equals(sid))
            return code.code;
    return rtl::sid_text(sid);
}

std::u16string guid_words(GUID const* at)
{
    if (!at)
        return {};
    uint8_t b[16];
    std::memcpy(b, at, sizeof b);
    std::u16string text;
    constexpr int kOrder[] = { 3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15 };
    for (int i : kOrder)
        text += i < 0 ? std::u16string(u"-") : hex(b[i], 2);
    return text;
}

// Letters when they say it exactly, else the number.
template <size_t N>
bool letters(RightCode const (&table)[N], ACCESS_MASK mask, std::u16string& text)
{
    std::u16string made;
    ACCESS_MASK left = mask;
    for (RightCode const& one : table)
        if (left & one.mask) {
            made += one.code;
            left &= ~one.mask;
        }
    if (!left)
        text = made;
    return !left;
}

std::u16string rights(ACCESS_MASK mask, bool label)
{
    std::u16string text;
    if (label)
        return letters(kLabelRights, mask, text) ? text : u"0x" + hex(mask, 1);
    for (RightCode const& one : kSetRights)
        if (mask == one.mask)
            return one.code;
    return letters(kBitRights, mask, text) ? text : u"0x" + hex(mask, 1);
}

void print_list(std::u16string& text, Descriptor const& d, std::optional<Acl> const& list, ULONG is_protected,
                ULONG request, ULONG inherited)
{
    if (d.has(is_protected))
        text += u'P';
    if (d.has(request))
        text += u"AR";
    if (d.has(inherited))
        text += u"AI";
    if (!list) {
        text += u"NO_ACCESS_CONTROL";
        return;
    }
    rtl::for_each_ace(list->get(), [&](rtl::Ace const& ace) {
        for (RightCode const& type : kEntryTypes) {
            if (type.mask != ace.header->AceType || !ace.sid)
                continue;
            text += u"(" + std::u16string(type.code) + u";";
            for (RightCode const& flag : kEntryFlags)
                if (ace.header->AceFlags & flag.mask)
                    text += flag.code;
            text += u";" + rights(ace.mask, type.mask == SYSTEM_MANDATORY_LABEL_ACE_TYPE) + u";"
                + guid_words(ace.object) + u";" + guid_words(ace.inherited_object) + u";" + sid_words(ace.sid) + u")";
        }
        return true;
    });
}

} // namespace

std::u16string print_sddl(Descriptor const& d, SECURITY_INFORMATION parts)
{
    std::u16string text;
    if ((parts & OWNER_SECURITY_INFORMATION) && d.owner)
        text += u"O:" + sid_words(d.owner->bytes);
    if ((parts & GROUP_SECURITY_INFORMATION) && d.group)
        text += u"G:" + sid_words(d.group->bytes);
    if ((parts & DACL_SECURITY_INFORMATION) && d.has(SE_DACL_PRESENT)) {
        text += u"D:";
        print_list(text, d, d.dacl, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED);
    }
    if ((parts & (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)) && d.has(SE_SACL_PRESENT) && d.sacl) {
        text += u"S:";
        print_list(text, d, d.sacl, SE_SACL_PROTECTED, SE_SACL_AUTO_INHERIT_REQ, SE_SACL_AUTO_INHERITED);
    }
    return text;
}

} // namespace ringside::se
