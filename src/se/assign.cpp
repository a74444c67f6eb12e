// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-seassignsecurity
// @cite(win32): page=secauthz/ace-inheritance-rules
#include "se/assign.h"

namespace ringside::se {

namespace {

constexpr UCHAR kInheritable = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;

bool is_label(UCHAR type) { return type == SYSTEM_MANDATORY_LABEL_ACE_TYPE; }

// A list with generic rights mapped; entries for inheritance only keep theirs, for children map them by their own type.
Acl with_mapped_rights(Acl const& from, GENERIC_MAPPING const& mapping)
{
    Acl made = from;
    rtl::for_each_ace(made.get(), [&](rtl::Ace const& ace) {
        if (ace.sid && !is_label(ace.header->AceType) && !(ace.header->AceFlags & INHERIT_ONLY_ACE)) {
            ACCESS_MASK mask = ace.mask;
            rtl::RtlMapGenericMask(&mask, &mapping);
            std::memcpy(reinterpret_cast<uint8_t*>(ace.header) + sizeof(ACE_HEADER), &mask, sizeof mask);
        }
        return true;
    });
    return made;
}

bool add_copy(Acl& to, rtl::Ace const& ace, UCHAR flags, ACCESS_MASK mask, Sid const& sid)
{
    auto const* bytes = reinterpret_cast<uint8_t const*>(ace.header);
    size_t const before = static_cast<size_t>(static_cast<uint8_t const*>(ace.sid) - bytes);
    std::vector<uint8_t> made(bytes, bytes + before);
    made.insert(made.end(), sid.bytes, sid.bytes + sid.size());
    auto const* extra = static_cast<uint8_t const*>(ace.extra);
    made.insert(made.end(), extra, extra + ace.extra_bytes);
    ACE_HEADER const header { ace.header->AceType, flags, static_cast<USHORT>(made.size()) };
    std::memcpy(made.data(), &header, sizeof header);
    std::memcpy(made.data() + sizeof header, &mask, sizeof mask);
    to.raise_revision(ace.object || ace.inherited_object ? ACL_REVISION4 : ACL_REVISION);
    return to.add_raw(made.data(), made.size());
}

// What an entry of the container becomes in a child: nothing, one entry, or two (one in force, one to hand on).
bool inherit_entry(Acl& made, rtl::Ace const& ace, bool container, Sid const& owner, Sid const& group,
                   GENERIC_MAPPING const& mapping, UCHAR mark)
{
    UCHAR const flags = ace.header->AceFlags;
    if (!ace.sid || !(flags & kInheritable))
        return true;
    UCHAR const audit = flags & (SUCCESSFUL_ACCESS_ACE_FLAG | FAILED_ACCESS_ACE_FLAG);
    bool const in_force = container ? (flags & CONTAINER_INHERIT_ACE) != 0 : (flags & OBJECT_INHERIT_ACE) != 0;
    bool const handed_on = container && !(flags & NO_PROPAGATE_INHERIT_ACE);
    Sid const original(ace.sid);
    Sid const sid = original == sids::creator_owner ? owner : original == sids::creator_group ? group : original;
    ACCESS_MASK mask = ace.mask;
    if (!is_label(ace.header->AceType))
        rtl::RtlMapGenericMask(&mask, &mapping);
    bool const changes = !(sid == original) || mask != ace.mask;
    if (in_force && handed_on && changes)
        return add_copy(made, ace, audit | mark, mask, sid)
            && add_copy(made, ace, audit | mark | (flags & kInheritable) | INHERIT_ONLY_ACE, ace.mask, original);
    if (in_force)
        return add_copy(made, ace, audit | mark | (handed_on ? flags & kInheritable : 0), mask, sid);
    if (handed_on)
        return add_copy(made, ace, audit | mark | (flags & kInheritable) | INHERIT_ONLY_ACE, ace.mask, original);
    return true;
}

struct ListBits {
    ULONG present, defaulted, is_protected, auto_inherited;
};
constexpr ListBits kDaclBits { SE_DACL_PRESENT, SE_DACL_DEFAULTED, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERITED };
constexpr ListBits kSaclBits { SE_SACL_PRESENT, SE_SACL_DEFAULTED, SE_SACL_PROTECTED, SE_SACL_AUTO_INHERITED };

// One list of the new descriptor. The creator's own goes first; in automatic inheritance what is handed down follows it,
// unless the creator protects it.
Result<void> assign_list(Descriptor& made, std::optional<Acl> Descriptor::* list, ListBits const& bits,
                         Assignment const& a, bool automatic, std::optional<Acl> const& otherwise)
{
    std::optional<Acl> handed_down;
    bool const is_protected = a.given && a.given->has(bits.is_protected);
    if (a.parent && a.parent->has(bits.present) && a.parent->*list && !is_protected)
        handed_down = TRY(inherit(*(a.parent->*list), a.container, *made.owner, *made.group, a.mapping, automatic));
    bool const some = handed_down && handed_down->get()->AceCount;
    bool const explicitly = a.given && a.given->has(bits.present) && !a.given->has(bits.defaulted);
    if (explicitly) {
        made.set(bits.present);
        made.set(bits.is_protected, is_protected);
        if (a.given->*list)
            made.*list = with_mapped_rights(*(a.given->*list), a.mapping);
        if (automatic && some && made.*list && !is_protected) {
            bool fits = true;
            rtl::for_each_ace(handed_down->get(), [&](rtl::Ace const& ace) {
                return fits = (made.*list)->add_raw(ace.header, ace.header->AceSize);
            });
            if (!fits)
                return Failure { STATUS_INVALID_ACL };
            made.set(bits.auto_inherited);
        }
    } else if (some) {
        made.set(bits.present);
        made.set(bits.auto_inherited, automatic);
        made.*list = std::move(handed_down);
    } else if (a.given && a.given->has(bits.present)) {
        made.set(bits.present | bits.defaulted);
        if (a.given->*list)
            made.*list = with_mapped_rights(*(a.given->*list), a.mapping);
    } else if (otherwise) {
        made.set(bits.present);
        made.*list = with_mapped_rights(*otherwise, a.mapping);
    }
    return {};
}

bool only_labels(Acl const& acl)
{
    bool labels = true;
    rtl::for_each_ace(acl.get(), [&](rtl::Ace const& ace) { return labels = is_label(ace.header->AceType); });
    return labels;
}

} // namespace

Result<Acl> inherit(Acl const& from, bool container, Sid const& owner, Sid const& group, GENERIC_MAPPING const& mapping,
                    bool mark_inherited)
{
    Acl made;
    bool fits = true;
    rtl::for_each_ace(from.get(), [&](rtl::Ace const& ace) {
        return fits = inherit_entry(made, ace, container, owner, group, mapping, mark_inherited ? INHERITED_ACE : 0);
    });
    if (!fits)
        return Failure { STATUS_INVALID_ACL };
    return made;
}

Result<Descriptor> assign_descriptor(Assignment const& a)
{
    Descriptor made;
    Token const& token = *a.token;
    if (a.given && a.given->owner)
        made.owner = a.given->owner;
    else if ((a.auto_inherit & SEF_DEFAULT_OWNER_FROM_PARENT) && a.parent && a.parent->owner)
        made.owner = a.parent->owner;
    else
        made.owner = token.owner;
    if (a.given && a.given->group)
        made.group = a.given->group;
    else if ((a.auto_inherit & SEF_DEFAULT_GROUP_FROM_PARENT) && a.parent && a.parent->group)
        made.group = a.parent->group;
    else
        made.group = token.primary_group;
    bool const checked = a.mode != KernelMode;
    if (checked && a.given && a.given->owner && !(a.auto_inherit & SEF_AVOID_OWNER_CHECK)
        && !token.may_own(*a.given->owner) && !token.has_enabled(SE_RESTORE_PRIVILEGE))
        return Failure { STATUS_INVALID_OWNER };
    if (checked && a.given && a.given->has(SE_SACL_PRESENT) && a.given->sacl && !only_labels(*a.given->sacl)
        && !(a.auto_inherit & SEF_AVOID_PRIVILEGE_CHECK) && !token.has_enabled(SE_SECURITY_PRIVILEGE))
        return Failure { STATUS_PRIVILEGE_NOT_HELD };
    TRY(assign_list(made, &Descriptor::dacl, kDaclBits, a, a.auto_inherit & SEF_DACL_AUTO_INHERIT, token.default_dacl));
    TRY(assign_list(made, &Descriptor::sacl, kSaclBits, a, a.auto_inherit & SEF_SACL_AUTO_INHERIT, std::nullopt));
    return made;
}

Result<void> modify_descriptor(Descriptor& object, Descriptor const& from, SECURITY_INFORMATION information,
                               GENERIC_MAPPING const& mapping, Token const* owner_must_suit)
{
    if (information & OWNER_SECURITY_INFORMATION) {
        if (!from.owner
            || (owner_must_suit && !owner_must_suit->may_own(*from.owner)
                && !owner_must_suit->has_enabled(SE_RESTORE_PRIVILEGE)))
            return Failure { STATUS_INVALID_OWNER };
        object.owner = from.owner;
        object.set(SE_OWNER_DEFAULTED, from.has(SE_OWNER_DEFAULTED));
    }
    if (information & GROUP_SECURITY_INFORMATION) {
        if (!from.group)
            return Failure { STATUS_INVALID_PRIMARY_GROUP };
        object.group = from.group;
        object.set(SE_GROUP_DEFAULTED, from.has(SE_GROUP_DEFAULTED));
    }
    if (information & DACL_SECURITY_INFORMATION) {
        object.dacl.reset();
        if (from.dacl)
            object.dacl = with_mapped_rights(*from.dacl, mapping);
        for (ULONG bit : { SE_DACL_PRESENT, SE_DACL_DEFAULTED, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERITED })
            object.set(bit, from.has(bit));
        object.set(SE_DACL_PRESENT); // one that is set is there, if only as a null list
    }
    if (information & (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)) {
        bool const everything = information & SACL_SECURITY_INFORMATION;
        bool const label = information & LABEL_SECURITY_INFORMATION;
        Acl made;
        auto take = [&](std::optional<Acl> const& list, bool labels, bool others) {
            if (list)
                rtl::for_each_ace(list->get(), [&](rtl::Ace const& ace) {
                    if (is_label(ace.header->AceType) ? labels : others)
                        made.add_raw(ace.header, ace.header->AceSize);
                    return true;
                });
        };
        take(object.sacl, !label && !everything, !everything);
        take(from.sacl, label || everything, everything);
        object.set(SE_SACL_PRESENT, made.get()->AceCount != 0 || (everything && from.has(SE_SACL_PRESENT)));
        object.sacl = made.get()->AceCount ? std::optional<Acl>(std::move(made)) : std::nullopt;
        if (everything)
            for (ULONG bit : { SE_SACL_DEFAULTED, SE_SACL_PROTECTED, SE_SACL_AUTO_INHERITED })
                object.set(bit, from.has(bit));
    }
    return {};
}

Descriptor select_parts(Descriptor const& from, SECURITY_INFORMATION information)
{
    Descriptor made;
    if (information & OWNER_SECURITY_INFORMATION) {
        made.owner = from.owner;
        made.set(SE_OWNER_DEFAULTED, from.has(SE_OWNER_DEFAULTED));
    }
    if (information & GROUP_SECURITY_INFORMATION) {
        made.group = from.group;
        made.set(SE_GROUP_DEFAULTED, from.has(SE_GROUP_DEFAULTED));
    }
    if (information & DACL_SECURITY_INFORMATION) {
        made.dacl = from.dacl;
        for (ULONG bit : { SE_DACL_PRESENT, SE_DACL_DEFAULTED, SE_DACL_PROTECTED, SE_DACL_AUTO_INHERITED })
            made.set(bit, from.has(bit));
    }
    if (information & SACL_SECURITY_INFORMATION) {
        made.sacl = from.sacl;
        for (ULONG bit : { SE_SACL_PRESENT, SE_SACL_DEFAULTED, SE_SACL_PROTECTED, SE_SACL_AUTO_INHERITED })
            made.set(bit, from.has(bit));
    } else if ((information & LABEL_SECURITY_INFORMATION) && from.sacl) {
        Acl labels;
        rtl::for_each_ace(from.sacl->get(), [&](rtl::Ace const& ace) {
            if (is_label(ace.header->AceType))
                labels.add_raw(ace.header, ace.header->AceSize);
            return true;
        });
        made.set(SE_SACL_PRESENT, labels.get()->AceCount != 0);
        if (labels.get()->AceCount)
            made.sacl = labels;
    }
    return made;
}

} // namespace ringside::se
