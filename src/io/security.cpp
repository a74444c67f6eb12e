// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=ifs/irp-mj-query-security
// @cite(wdk-docs): page=ifs/irp-mj-set-security
#include "io/security.h"

#include "ex/pool.h"
#include "io/file.h"
#include "io/manager.h"
#include "io/request.h"
#include "ke/exception.h"
#include "ke/guarded.h"
#include "ob/capture.h"
#include "ob/object.h"
#include "rtl/security_descriptor.h"
#include "se/assign.h"
#include "se/values.h"

#include <cstring>
#include <optional>

namespace ringside::io {

namespace {

bool is_drivers_own(FILE_OBJECT const& file)
{
    return !(file.Flags & FO_DIRECT_DEVICE_OPEN) && (file.Vpb || file.FileName.Length);
}

// Of a file whose driver keeps none: everybody may do everything (a null list).
NTSTATUS give_everybodys(SECURITY_INFORMATION parts, void* into, ULONG bytes, ULONG* needed)
{
    se::Descriptor everybodys;
    everybodys.owner = everybodys.group = se::sids::world;
    everybodys.set(SE_DACL_PRESENT);
    auto const selected = se::select_parts(everybodys, parts).relative();
    ob::put(needed, static_cast<ULONG>(selected.size()));
    if (bytes < selected.size())
        return STATUS_BUFFER_TOO_SMALL;
    ke::copy_or_raise(into, selected.data(), selected.size());
    return STATUS_SUCCESS;
}

std::optional<NTSTATUS> query(void* body, uint32_t parts, void* into, uint32_t bytes, ULONG* needed,
                              KPROCESSOR_MODE mode)
{
    auto* const file = static_cast<FILE_OBJECT*>(body);
    if (!is_drivers_own(*file))
        return std::nullopt;
    ob::reference(file);
    Reply const reply = transact_on(
        file, FILE_ALL_ACCESS,
        { .major = IRP_MJ_QUERY_SECURITY, .code = parts, .buffers = { nullptr, 0, into, bytes }, .mode = mode });
    if (reply.status == STATUS_INVALID_DEVICE_REQUEST)
        return give_everybodys(parts, into, bytes, needed);
    if (!NT_ERROR(reply.status))
        ob::put(needed, static_cast<ULONG>(reply.information));
    return reply.status == STATUS_BUFFER_OVERFLOW ? STATUS_BUFFER_TOO_SMALL : reply.status;
}

// The request's own copy, which the IRP frees: a driver may keep it for longer than the caller waits.
Result<void*> copy_descriptor(void const* descriptor)
{
    size_t const bytes = rtl::relative_bytes(rtl::parts_of(descriptor));
    void* const copy = ex::allocate(NonPagedPoolNx, bytes, kAuxiliaryTag, ex::Owner::Kernel, false);
    if (!copy)
        return Failure { STATUS_INSUFFICIENT_RESOURCES };
    std::memcpy(copy, descriptor, bytes);
    return copy;
}

std::optional<NTSTATUS> set(void* body, uint32_t parts, void* descriptor, KPROCESSOR_MODE mode)
{
    auto* const file = static_cast<FILE_OBJECT*>(body);
    if (!is_drivers_own(*file))
        return std::nullopt;
    auto copied = copy_descriptor(descriptor);
    if (!copied.ok())
        return copied.status();
    ob::reference(file);
    Reply const reply = transact_on(
        file, FILE_ALL_ACCESS, { .major = IRP_MJ_SET_SECURITY, .code = parts, .mode = mode, .auxiliary = *copied });
    return reply.status == STATUS_INVALID_DEVICE_REQUEST ? STATUS_SUCCESS : reply.status;
}

} // namespace

void connect_security()
{
    ob::file_type.query_security = &query;
    ob::file_type.set_security = &set;
}

} // namespace ringside::io
