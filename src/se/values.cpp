// SPDX-License-Identifier: MIT
#include "se/values.h"

#include "ex/pool.h"
#include "ke/exception.h"
#include "ke/guarded.h"

namespace ringside::se {

bool Acl::add(UCHAR type, UCHAR flags, ACCESS_MASK mask, Sid const& sid)
{
    uint8_t ace[sizeof(ACE_HEADER) + sizeof(ACCESS_MASK) + rtl::kSidBytesMax];
    ACE_HEADER const header { type, flags, static_cast<USHORT>(sizeof(ACE_HEADER) + sizeof mask + sid.size()) };
    std::memcpy(ace, &header, sizeof header);
    std::memcpy(ace + sizeof header, &mask, sizeof mask);
    std::memcpy(ace + sizeof header + sizeof mask, sid.bytes, sid.size());
    return add_raw(ace, header.AceSize);
}

bool Acl::add_raw(void const* ace, size_t bytes)
{
    if (m_bytes.size() + bytes > 0xFFFC)
        return false;
    auto const* from = static_cast<uint8_t const*>(ace);
    m_bytes.insert(m_bytes.end(), from, from + bytes);
    ++header().AceCount;
    header().AclSize = static_cast<USHORT>(m_bytes.size());
    return true;
}

Descriptor::Descriptor(void const* sound)
{
    rtl::Parts const from = rtl::parts_of(sound);
    control = static_cast<USHORT>(from.control & ~SE_SELF_RELATIVE);
    if (from.owner)
        owner = Sid(from.owner);
    if (from.group)
        group = Sid(from.group);
    if (from.sacl)
        sacl = Acl(from.sacl);
    if (from.dacl)
        dacl = Acl(from.dacl);
}

rtl::Parts Descriptor::parts() const
{
    return { control, owner ? owner->pointer() : nullptr, group ? group->pointer() : nullptr,
             has(SE_SACL_PRESENT) && sacl ? sacl->get() : nullptr,
             has(SE_DACL_PRESENT) && dacl ? dacl->get() : nullptr };
}

std::vector<uint8_t> Descriptor::relative() const
{
    std::vector<uint8_t> made(size());
    rtl::write_relative(parts(), made.data());
    return made;
}

void* Descriptor::to_pool(POOL_TYPE type, bool drivers) const
{
    void* block = ex::allocate(type, size(), kDescriptorTag, drivers ? ex::Owner::Driver : ex::Owner::Kernel, false);
    if (block)
        rtl::write_relative(parts(), block);
    return block;
}

namespace {

// Copies pieces of a driver's memory. The first fault stops it; whoever holds nothing any more raises it.
class Reader {
public:
    bool copy(void* to, void const* from, size_t bytes)
    {
        if (m_fault)
            return false;
        if (size_t const left = ke::ringside_copy_guarded(to, from, bytes)) {
            m_fault = static_cast<uint8_t const*>(from) + (bytes - left);
            return false;
        }
        return true;
    }
    uint8_t const* fault() const { return m_fault; }

private:
    uint8_t const* m_fault = nullptr;
};

Result<Sid> read_sid(Reader& reader, void const* from)
{
    Sid sid;
    if (!reader.copy(sid.bytes, from, rtl::kSidHeaderBytes) || !rtl::sid_fits(sid.bytes, rtl::kSidBytesMax)
        || !reader.copy(sid.bytes, from, sid.size()) || !rtl::sid_fits(sid.bytes, rtl::kSidBytesMax))
        return Failure { STATUS_INVALID_SID };
    return sid;
}

Result<Acl> read_acl(Reader& reader, void const* from)
{
    ACL header {};
    if (!reader.copy(&header, from, sizeof header) || header.AclSize < sizeof header)
        return Failure { STATUS_INVALID_ACL };
    std::vector<uint8_t> bytes(header.AclSize);
    if (!reader.copy(bytes.data(), from, bytes.size()) || !rtl::acl_fits(bytes.data(), bytes.size()))
        return Failure { STATUS_INVALID_ACL };
    return Acl(reinterpret_cast<ACL const*>(bytes.data()));
}

Result<Descriptor> read_descriptor(Reader& reader, void const* from)
{
    SECURITY_DESCRIPTOR absolute {};
    if (!reader.copy(&absolute, from, sizeof(SECURITY_DESCRIPTOR_RELATIVE)))
        return Failure { STATUS_INVALID_SECURITY_DESCR };
    if (absolute.Revision != SECURITY_DESCRIPTOR_REVISION)
        return Failure { STATUS_UNKNOWN_REVISION };
    if (absolute.Control & SE_SELF_RELATIVE) {
        SECURITY_DESCRIPTOR_RELATIVE relative {};
        std::memcpy(&relative, &absolute, sizeof relative);
        auto at = [&](ULONG offset) {
            return offset ? const_cast<uint8_t*>(static_cast<uint8_t const*>(from)) + offset : nullptr;
        };
        absolute.Owner = at(relative.Owner);
        absolute.Group = at(relative.Group);
        absolute.Sacl = reinterpret_cast<ACL*>(at(relative.Sacl));
        absolute.Dacl = reinterpret_cast<ACL*>(at(relative.Dacl));
    } else if (!reader.copy(&absolute, from, sizeof absolute))
        return Failure { STATUS_INVALID_SECURITY_DESCR };
    Descriptor made;
    made.control = static_cast<USHORT>(absolute.Control & ~SE_SELF_RELATIVE);
    if (absolute.Owner)
        made.owner = TRY(read_sid(reader, absolute.Owner));
    if (absolute.Group)
        made.group = TRY(read_sid(reader, absolute.Group));
    if (made.has(SE_SACL_PRESENT) && absolute.Sacl)
        made.sacl = TRY(read_acl(reader, absolute.Sacl));
    if (made.has(SE_DACL_PRESENT) && absolute.Dacl)
        made.dacl = TRY(read_acl(reader, absolute.Dacl));
    return made;
}

// The fault may end the machine: this frame owns nothing.
void repeat_fault(uint8_t const* at)
{
    uint8_t byte;
    ke::copy_or_raise(&byte, at, sizeof byte);
}

template <typename T, Result<T> (*Read)(Reader&, void const*)>
Result<T> capture(void const* from)
{
    uint8_t const* fault = nullptr;
    {
        Reader reader;
        Result<T> result = Read(reader, from);
        fault = reader.fault();
        if (!fault)
            return result;
    }
    repeat_fault(fault);
    return Failure { STATUS_ACCESS_VIOLATION };
}

} // namespace

Result<Descriptor> capture_descriptor(void const* descriptor)
{
    return capture<Descriptor, read_descriptor>(descriptor);
}

Result<Sid> capture_sid(void const* sid) { return capture<Sid, read_sid>(sid); }

Result<Acl> capture_acl(void const* acl) { return capture<Acl, read_acl>(acl); }

} // namespace ringside::se
