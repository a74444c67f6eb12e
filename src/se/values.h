// SPDX-License-Identifier: MIT
// SIDs, lists and descriptors as values of the kernel's own: captured once from a driver's bytes and sound from then on.
#pragma once

#include "base/result.h"
#include "nt/nt.h"
#include "nt/token_information.h"
#include "rtl/acl.h"
#include "rtl/security_descriptor.h"
#include "rtl/sid.h"

#include <cstring>
#include <initializer_list>
#include <optional>
#include <vector>

namespace ringside::se {

using namespace nt;

struct Sid {
    alignas(4) uint8_t bytes[rtl::kSidBytesMax] {};

    Sid() = default;
    Sid(uint8_t authority, std::initializer_list<ULONG> subs)
    {
        SID_IDENTIFIER_AUTHORITY const a { { 0, 0, 0, 0, 0, authority } };
        static_cast<void>(rtl::initialize_sid(bytes, &a, static_cast<UCHAR>(subs.size()), subs.begin()));
    }
    // Of a whole, valid SID.
    explicit Sid(void const* sid) { std::memcpy(bytes, sid, rtl::sid_bytes(sid)); }

    size_t size() const { return rtl::sid_bytes(bytes); }
    PSID pointer() const { return const_cast<uint8_t*>(bytes); }
    bool equals(void const* other) const { return rtl::RtlEqualSid(pointer(), const_cast<void*>(other)); }
    bool operator==(Sid const& other) const { return equals(other.bytes); }
    ULONG last() const
    {
        ULONG value = 0;
        if (bytes[1])
            std::memcpy(&value, bytes + size() - sizeof value, sizeof value);
        return value;
    }
};

// The well-known ones that the rules of this room name.
namespace sids {
inline Sid const world { 1, { 0 } }, creator_owner { 3, { 0 } }, creator_group { 3, { 1 } }, owner_rights { 3, { 4 } },
    local_system { 5, { 18 } }, administrators { 5, { 32, 544 } }, users { 5, { 32, 545 } },
    authenticated_users { 5, { 11 } }, restricted { 5, { 12 } }, anonymous { 5, { 7 } };
inline Sid integrity(ULONG level) { return Sid { 16, { level } }; }
} // namespace sids
inline constexpr ULONG kLowIntegrity = 0x1000, kMediumIntegrity = 0x2000, kHighIntegrity = 0x3000,
                       kSystemIntegrity = 0x4000;

// A sound access list of its own bytes.
class Acl {
public:
    Acl()
        : m_bytes(sizeof(ACL))
    {
        header() = { ACL_REVISION, 0, sizeof(ACL), 0, 0 };
    }
    explicit Acl(ACL const* sound) // without the unused room behind its entries
        : m_bytes(reinterpret_cast<uint8_t const*>(sound),
                  reinterpret_cast<uint8_t const*>(sound) + rtl::acl_bytes_used(sound))
    {
        header().AclSize = static_cast<USHORT>(m_bytes.size());
    }
    ACL* get() const { return reinterpret_cast<ACL*>(const_cast<uint8_t*>(m_bytes.data())); }
    size_t size() const { return m_bytes.size(); }
    // False when the list would be longer than 64 KiB.
    bool add(UCHAR type, UCHAR flags, ACCESS_MASK mask, Sid const& sid);
    bool add_raw(void const* ace, size_t bytes);
    void raise_revision(UCHAR to) { header().AclRevision = std::max(header().AclRevision, to); }

private:
    ACL& header() { return *reinterpret_cast<ACL*>(m_bytes.data()); }
    std::vector<uint8_t> m_bytes;
};

struct Descriptor {
    USHORT control = 0; // without SE_SELF_RELATIVE; a list that is present and not there is a null one
    std::optional<Sid> owner, group;
    std::optional<Acl> sacl, dacl;

    Descriptor() = default;
    explicit Descriptor(void const* sound);
    bool has(ULONG bit) const { return control & bit; }
    void set(ULONG bit, bool on = true) { control = static_cast<USHORT>(on ? control | bit : control & ~bit); }
    rtl::Parts parts() const;
    size_t size() const { return rtl::relative_bytes(parts()); }
    std::vector<uint8_t> relative() const;
    // The same in pool; null when there is none left.
    void* to_pool(POOL_TYPE type, bool drivers) const;
};

// Reads a driver's bytes. A fault becomes the driver's, as in every body; STATUS_INVALID_SECURITY_DESCR,
// STATUS_UNKNOWN_REVISION, STATUS_INVALID_SID, STATUS_INVALID_ACL.
Result<Descriptor> capture_descriptor(void const* descriptor);
Result<Sid> capture_sid(void const* sid);
Result<Acl> capture_acl(void const* acl);

inline constexpr uint32_t kDescriptorTag = 'dSeS'; // "SeSd"

} // namespace ringside::se
