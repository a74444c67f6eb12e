// SPDX-License-Identifier: MIT
// @cite(win32): page=secauthz/security-descriptor-string-format
// @cite(win32): page=secauthz/ace-strings
#include "se/sddl.h"

namespace ringside::se {

std::vector<SidCode> const& sid_codes()
{
    static std::vector<SidCode> const codes = [] {
        auto builtin = [](ULONG rid) { return Sid { 5, { 32, rid } }; };
        auto local = [](ULONG rid) { return Sid { 5, { 21, 1004336348, 1177238915, 682003330, rid } }; };
        return std::vector<SidCode> {
            { u"WD", Sid { 1, { 0 } } },
            { u"CO", Sid { 3, { 0 } } },
            { u"CG", Sid { 3, { 1 } } },
            { u"OW", Sid { 3, { 4 } } },
            { u"NU", Sid { 5, { 2 } } },
            { u"IU", Sid { 5, { 4 } } },
            { u"SU", Sid { 5, { 6 } } },
            { u"AN", Sid { 5, { 7 } } },
            { u"ED", Sid { 5, { 9 } } },
            { u"PS", Sid { 5, { 10 } } },
            { u"AU", Sid { 5, { 11 } } },
            { u"RC", Sid { 5, { 12 } } },
            { u"SY", Sid { 5, { 18 } } },
            { u"LS", Sid { 5, { 19 } } },
            { u"NS", Sid { 5, { 20 } } },
            { u"WR", Sid { 5, { 33 } } },
            { u"BA", builtin(544) },
            { u"BU", builtin(545) },
            { u"BG", builtin(546) },
            { u"PU", builtin(547) },
            { u"AO", builtin(548) },
            { u"SO", builtin(549) },
            { u"PO", builtin(550) },
            { u"BO", builtin(551) },
            { u"RE", builtin(552) },
            { u"RU", builtin(554) },
            { u"RD", builtin(555) },
            { u"NO", builtin(556) },
            { u"MU", builtin(558) },
            { u"LU", builtin(559) },
            { u"IS", builtin(568) },
            { u"CY", builtin(569) },
            { u"ER", builtin(573) },
            { u"CD", builtin(574) },
            { u"RA", builtin(575) },
            { u"ES", builtin(576) },
            { u"MS", builtin(577) },
            { u"HA", builtin(578) },
            { u"AA", builtin(579) },
            { u"RM", builtin(580) },
            { u"LW", sids::integrity(0x1000) },
            { u"ME", sids::integrity(0x2000) },
            { u"MP", sids::integrity(0x2100) },
            { u"HI", sids::integrity(0x3000) },
            { u"SI", sids::integrity(0x4000) },
            { u"AC", Sid { 15, { 2, 1 } } },
            { u"LA", local(500) },
            { u"LG", local(501) },
        };
    }();
    return codes;
}

namespace {

constexpr Failure kBadText { STATUS_INVALID_PARAMETER };

class Parser {
public:
    explicit Parser(std::u16string_view text)
        : m_left(text)
    {
    }

    Result<Descriptor> descriptor()
    {
        Descriptor made;
        bool dacl = false, sacl = false;
        for (spaces(); !m_left.empty(); spaces()) {
            if (take(u"O:") && !made.owner)
                made.owner = TRY(sid());
            else if (take(u"G:") && !made.group)
                made.group = TRY(sid());
            else if (take(u"D:") && !dacl) {
                dacl = true;
                TRY(list(made, made.dacl, SE_DACL_PRESENT, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERIT_REQ,
                         SE_DACL_AUTO_INHERITED, false));
            } else if (take(u"S:") && !sacl) {
                sacl = true;
                TRY(list(made, made.sacl, SE_SACL_PRESENT, SE_SACL_PROTECTED, SE_SACL_AUTO_INHERIT_REQ,
                         SE_SACL_AUTO_INHERITED, true));
            } else
                return kBadText;
        }
        return made;
    }

private:
    void spaces()
    {
        while (!m_left.empty() && (m_left.front() == u' ' || (m_left.front() >= u'\t' && m_left.front() <= u'\r')))
            m_left.remove_prefix(1);
    }
    static char16_t upper(char16_t c) { return c >= u'a' && c <= u'z' ? static_cast<char16_t>(c - 32) : c; }
    bool take(std::u16string_view expected)
    {
        if (m_left.size() < expected.size())
            return false;
        for (size_t i = 0; i < expected.size(); ++i)
            if (upper(m_left[i]) != expected[i])
                return false;
        m_left.remove_prefix(expected.size());
        return true;
    }
    std::optional<uint64_t> digits(unsigned base, uint64_t limit)
    {
        uint64_t value = 0;
        size_t count = 0;
        for (; !m_left.empty(); ++count) {
            char16_t const c = upper(m_left.front());
            unsigned const digit = c >= u'0' && c <= u'9' ? c - u'0' : c >= u'A' && c <= u'F' ? c - u'A' + 10 : 99;
            if (digit >= base)
                break;
            value = value * base + digit;
            if (value > limit)
                return std::nullopt;
            m_left.remove_prefix(1);
        }
        return count ? std::optional<uint64_t>(value) : std::nullopt;
    }
    std::optional<uint64_t> number(uint64_t limit)
    {
        if (take(u"0X"))
            return digits(16, limit);
        bool const octal = m_left.size() > 1 && m_left[0] == u'0' && m_left[1] >= u'0' && m_left[1] <= u'7';
        return digits(octal ? 8 : 10, limit);
    }
    // Any number of codes from a table; what none of them is stays.
    template <size_t N>
    bool codes(RightCode const (&table)[N], ULONG& mask)
    {
        for (auto const& one : table)
            if (take(one.code)) {
                mask |= one.mask;
                return true;
            }
        return false;
    }

    Result<Sid> sid()
    {
        spaces();
        if (take(u"S-1-")) {
            auto const authority = number((uint64_t { 1 } << 48) - 1);
            if (!authority)
                return Failure { STATUS_INVALID_SID };
            std::vector<ULONG> subs;
            while (take(u"-")) {
                auto const sub = number(0xFFFFFFFF);
                if (!sub || subs.size() == SID_MAX_SUB_AUTHORITIES)
                    return Failure { STATUS_INVALID_SID };
                subs.push_back(static_cast<ULONG>(*sub));
            }
            Sid made;
            SID_IDENTIFIER_AUTHORITY a {};
            for (int i = 0; i < 6; ++i)
                a.Value[i] = static_cast<UCHAR>(*authority >> 8 * (5 - i));
            static_cast<void>(rtl::initialize_sid(made.bytes, &a, static_cast<UCHAR>(subs.size()), subs.data()));
            return made;
        }
        for (SidCode const& code : sid_codes())
            if (take(code.code))
                return code.sid;
        return Failure { STATUS_INVALID_SID };
    }

    Result<std::optional<GUID>> guid()
    {
        spaces();
        if (m_left.empty() || m_left.front() == u';')
            return std::optional<GUID>();
        GUID made {};
        uint8_t bytes[16];
        size_t count = 0;
        constexpr size_t kDashes[] = { 4, 6, 8, 10 };
        for (; count < 16; ++count) {
            for (size_t dash : kDashes)
                if (count == dash && !take(u"-"))
                    return kBadText;
            std::u16string_view const two = m_left.substr(0, 2);
            Parser pair(two);
            auto const value = pair.digits(16, 0xFF);
            if (!value || two.size() != 2 || !pair.m_left.empty())
                return kBadText;
            bytes[count] = static_cast<uint8_t>(*value);
            m_left.remove_prefix(2);
        }
        // The first three members are written as numbers, most significant byte first.
        uint8_t const stored[16]
            = { bytes[3], bytes[2], bytes[1],  bytes[0],  bytes[5],  bytes[4],  bytes[7],  bytes[6],
                bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15] };
        std::memcpy(&made, stored, sizeof made);
        return std::optional<GUID>(made);
    }

    Result<void> entry(Acl& into, bool system)
    {
        spaces();
        for (auto unsupported : { u"XA;", u"XD;", u"ZA;", u"XU;", u"RA;" })
            if (take(unsupported))
                return Failure { STATUS_NOT_SUPPORTED };
        ULONG type = ~0u;
        for (auto const& one : kEntryTypes)
            if (m_left.size() > std::u16string_view(one.code).size()
                && m_left[std::u16string_view(one.code).size()] == u';' && take(one.code))
                type = one.mask;
        bool const of_system = type == SYSTEM_AUDIT_ACE_TYPE || type == SYSTEM_ALARM_ACE_TYPE
            || type == SYSTEM_AUDIT_OBJECT_ACE_TYPE || type == SYSTEM_ALARM_OBJECT_ACE_TYPE
            || type >= SYSTEM_MANDATORY_LABEL_ACE_TYPE;
        if (type == ~0u || of_system != system || !take(u";"))
            return kBadText;
        ULONG flags = 0, mask = 0;
        spaces();
        while (codes(kEntryFlags, flags))
            spaces();
        if (!take(u";"))
            return kBadText;
        spaces();
        if (!m_left.empty() && m_left.front() >= u'0' && m_left.front() <= u'9') {
            auto const value = number(0xFFFFFFFF);
            if (!value)
                return kBadText;
            mask = static_cast<ULONG>(*value);
        } else
            while (type == SYSTEM_MANDATORY_LABEL_ACE_TYPE ? codes(kLabelRights, mask)
                                                           : codes(kBitRights, mask) || codes(kSetRights, mask))
                spaces();
        if (!take(u";"))
            return kBadText;
        auto const object = TRY(guid());
        if (!take(u";"))
            return kBadText;
        auto const inherited = TRY(guid());
        if (!take(u";"))
            return kBadText;
        Sid const who = TRY(sid());
        spaces();
        if (!take(u")") || ((object || inherited) && !is_object_entry(type)))
            return kBadText;
        if (!is_object_entry(type))
            return into.add(static_cast<UCHAR>(type), static_cast<UCHAR>(flags), mask, who) ? Result<void>() : kBadText;
        std::vector<uint8_t> ace(sizeof(ACE_HEADER));
        auto append = [&](void const* bytes, size_t size) {
            auto const* from = static_cast<uint8_t const*>(bytes);
            ace.insert(ace.end(), from, from + size);
        };
        ULONG const present = (object ? 1 : 0) | (inherited ? 2 : 0);
        append(&mask, sizeof mask);
        append(&present, sizeof present);
        if (object)
            append(&*object, sizeof(GUID));
        if (inherited)
            append(&*inherited, sizeof(GUID));
        append(who.bytes, who.size());
        ACE_HEADER const header { static_cast<UCHAR>(type), static_cast<UCHAR>(flags),
                                  static_cast<USHORT>(ace.size()) };
        std::memcpy(ace.data(), &header, sizeof header);
        into.raise_revision(ACL_REVISION4);
        return into.add_raw(ace.data(), ace.size()) ? Result<void>() : kBadText;
    }

    Result<void> list(Descriptor& made, std::optional<Acl>& into, ULONG present, ULONG is_protected, ULONG request,
                      ULONG inherited, bool system)
    {
        made.set(present);
        bool null_list = false;
        for (spaces();; spaces())
            if (take(u"NO_ACCESS_CONTROL"))
                null_list = true;
            else if (take(u"AR"))
                made.set(request);
            else if (take(u"AI"))
                made.set(inherited);
            else if (take(u"P"))
                made.set(is_protected);
            else
                break;
        Acl entries;
        bool any = false;
        for (; take(u"("); spaces()) {
            any = true;
            TRY(entry(entries, system));
        }
        if (null_list && (any || system))
            return kBadText;
        if (!null_list)
            into = std::move(entries);
        return {};
    }

    std::u16string_view m_left;
};

} // namespace

Result<Descriptor> parse_sddl(std::u16string_view text) { return Parser(text).descriptor(); }

} // namespace ringside::se
