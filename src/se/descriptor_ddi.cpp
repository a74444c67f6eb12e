// SPDX-License-Identifier: MIT
// Descriptors as drivers make, read and change them: free-standing ones and those of objects.
#include "ex/pool.h"
#include "ke/kernel.h"
#include "mm/probe.h"
#include "ob/capture.h"
#include "se/ddi.h"
#include "se/object_security.h"

namespace ringside::se {

using ob::get;
using ob::put;

namespace {

constexpr SECURITY_INFORMATION kEverything
    = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION;

void write_out(Descriptor const& descriptor, void* into)
{
    auto const bytes = descriptor.relative();
    ke::copy_or_raise(into, bytes.data(), bytes.size());
}

// SE_DACL_PROTECTED and its kin may be asked for beside the list itself.
void apply_protection(Descriptor& object, SECURITY_INFORMATION information)
{
    if (information & PROTECTED_DACL_SECURITY_INFORMATION)
        object.set(SE_DACL_PROTECTED);
    if (information & UNPROTECTED_DACL_SECURITY_INFORMATION)
        object.set(SE_DACL_PROTECTED, false);
    if (information & PROTECTED_SACL_SECURITY_INFORMATION)
        object.set(SE_SACL_PROTECTED);
    if (information & UNPROTECTED_SACL_SECURITY_INFORMATION)
        object.set(SE_SACL_PROTECTED, false);
}

} // namespace

NTSTATUS SeAssignSecurityEx(PSECURITY_DESCRIPTOR parent, PSECURITY_DESCRIPTOR given, PSECURITY_DESCRIPTOR* made, GUID*,
                            BOOLEAN container, ULONG auto_inherit, SECURITY_SUBJECT_CONTEXT* subject,
                            GENERIC_MAPPING* mapping, POOL_TYPE pool)
{
    put(made, nullptr);
    GENERIC_MAPPING const map = get(mapping);
    SECURITY_SUBJECT_CONTEXT const who = get(subject);
    Token const& token = required_token(who.ClientToken ? who.ClientToken : who.PrimaryToken);
    std::optional<Descriptor> from, wanted;
    if (parent) {
        auto captured = capture_descriptor(parent);
        if (!captured.ok())
            return captured.status();
        from = captured.take();
    }
    if (given) {
        auto captured = capture_descriptor(given);
        if (!captured.ok())
            return captured.status();
        wanted = captured.take();
    }
    auto result = assign_descriptor({ .parent = from ? &*from : nullptr,
                                      .given = wanted ? &*wanted : nullptr,
                                      .container = container != 0,
                                      .auto_inherit = auto_inherit,
                                      .token = &token,
                                      .mapping = map,
                                      .mode = ob::previous_mode() });
    if (!result.ok())
        return result.status();
    void* block = result->to_pool(pool, true);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    put(made, block);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-seassignsecurity
NTSTATUS SeAssignSecurity(PSECURITY_DESCRIPTOR parent, PSECURITY_DESCRIPTOR given, PSECURITY_DESCRIPTOR* made,
                          BOOLEAN container, SECURITY_SUBJECT_CONTEXT* subject, GENERIC_MAPPING* mapping,
                          POOL_TYPE pool)
{
    return SeAssignSecurityEx(parent, given, made, nullptr, container, 0, subject, mapping, pool);
}

NTSTATUS SeDeassignSecurity(PSECURITY_DESCRIPTOR* descriptor)
{
    PSECURITY_DESCRIPTOR const block = get(descriptor);
    if (block) {
        put(descriptor, nullptr);
        ex::free(block, 0);
    }
    return STATUS_SUCCESS;
}

// The bytes are a client's, captured by the caller; the form is self-relative.
// @cite(wdk-ddi): page=wdm/nf-wdm-sevalidsecuritydescriptor
BOOLEAN SeValidSecurityDescriptor(ULONG bytes, PSECURITY_DESCRIPTOR descriptor)
{
    return rtl::RtlValidRelativeSecurityDescriptor(descriptor, bytes, 0);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-sequerysecuritydescriptorinfo
NTSTATUS SeQuerySecurityDescriptorInfo(SECURITY_INFORMATION* information, PSECURITY_DESCRIPTOR into, ULONG* bytes,
                                       PSECURITY_DESCRIPTOR* object)
{
    SECURITY_INFORMATION const what = get(information);
    ULONG const room = get(bytes);
    Descriptor selected;
    if (PSECURITY_DESCRIPTOR const from = get(object)) {
        auto captured = capture_descriptor(from);
        if (!captured.ok())
            return captured.status();
        selected = select_parts(*captured, what);
    }
    put(bytes, static_cast<ULONG>(selected.size()));
    if (room < selected.size())
        return STATUS_BUFFER_TOO_SMALL;
    write_out(selected, into);
    return STATUS_SUCCESS;
}

NTSTATUS SeSetSecurityDescriptorInfoEx(PVOID, SECURITY_INFORMATION* information, PSECURITY_DESCRIPTOR from,
                                       PSECURITY_DESCRIPTOR* descriptor, ULONG auto_inherit, POOL_TYPE pool,
                                       GENERIC_MAPPING* mapping)
{
    SECURITY_INFORMATION const what = get(information);
    GENERIC_MAPPING const map = get(mapping);
    PSECURITY_DESCRIPTOR const old = get(descriptor);
    if (!old)
        return STATUS_NO_SECURITY_ON_OBJECT;
    if (!(get(static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(old)).Control & SE_SELF_RELATIVE))
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    auto object = capture_descriptor(old);
    auto change = object.ok() ? capture_descriptor(from) : object.failure();
    if (!change.ok())
        return change.status();
    bool const ask = ob::previous_mode() != KernelMode && !(auto_inherit & SEF_AVOID_OWNER_CHECK);
    Token& token = security().effective(ke::kernel().current());
    if (auto changed = modify_descriptor(*object, *change, what, map, ask ? &token : nullptr); !changed.ok())
        return changed.status();
    apply_protection(*object, what);
    void* block = object->to_pool(pool, true);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    put(descriptor, block); // the old one is the caller's to free
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-sesetsecuritydescriptorinfo
NTSTATUS SeSetSecurityDescriptorInfo(PVOID object, SECURITY_INFORMATION* information, PSECURITY_DESCRIPTOR from,
                                     PSECURITY_DESCRIPTOR* descriptor, POOL_TYPE pool, GENERIC_MAPPING* mapping)
{
    return SeSetSecurityDescriptorInfoEx(object, information, from, descriptor, 0, pool, mapping);
}

NTSTATUS SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR from, KPROCESSOR_MODE mode, POOL_TYPE pool,
                                     BOOLEAN capture_if_kernel, PSECURITY_DESCRIPTOR* captured)
{
    put(captured, nullptr);
    if (!from)
        return STATUS_SUCCESS;
    if (mode == KernelMode && !capture_if_kernel) {
        put(captured, from);
        return STATUS_SUCCESS;
    }
    if (mode != KernelMode)
        mm::ProbeForRead(from, sizeof(SECURITY_DESCRIPTOR_RELATIVE), 4);
    auto made = capture_descriptor(from);
    if (!made.ok())
        return made.status();
    void* block = made->to_pool(pool, true);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    put(captured, block);
    return STATUS_SUCCESS;
}

NTSTATUS SeReleaseSecurityDescriptor(PSECURITY_DESCRIPTOR captured, KPROCESSOR_MODE mode, BOOLEAN capture_if_kernel)
{
    if (captured && (mode != KernelMode || capture_if_kernel))
        ex::free(captured, 0);
    return STATUS_SUCCESS;
}

// A copy of its own, so that a later change of the object's descriptor does not pull it away.
// @cite(wdk-ddi): page=wdm/nf-wdm-obgetobjectsecurity
NTSTATUS ObGetObjectSecurity(PVOID object, PSECURITY_DESCRIPTOR* descriptor, BOOLEAN* allocated)
{
    put(descriptor, nullptr);
    put(allocated, FALSE);
    auto const found = object_descriptor(object);
    if (!found)
        return STATUS_SUCCESS;
    void* block = found->to_pool(PagedPool, true);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    put(descriptor, block);
    put(allocated, TRUE);
    return STATUS_SUCCESS;
}

void ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR descriptor, BOOLEAN allocated)
{
    if (descriptor && allocated)
        ex::free(descriptor, 0);
}

NTSTATUS ObSetSecurityObjectByPointer(PVOID object, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR from)
{
    auto change = capture_descriptor(from);
    if (!change.ok())
        return change.status();
    ob::Type const* type = ob::type_of(object);
    Descriptor now = object_descriptor(object).value_or(Descriptor {});
    auto changed = modify_descriptor(now, *change, information, type ? type->mapping : GENERIC_MAPPING {}, nullptr);
    if (!changed.ok())
        return changed.status();
    apply_protection(now, information);
    return set_object_descriptor(object, now).status();
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwquerysecurityobject
NTSTATUS query_security_object(HANDLE handle, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR into, ULONG bytes,
                               ULONG* needed, KPROCESSOR_MODE mode)
{
    if (mode != KernelMode) {
        mm::ProbeForWrite(needed, sizeof *needed, sizeof(ULONG));
        mm::ProbeForWrite(into, bytes, sizeof(ULONG));
    }
    auto found = ob::reference_by_handle(handle, access_to_query(information), nullptr, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    if (found->type->query_security)
        if (auto status = found->type->query_security(found->body, information, into, bytes, needed, mode))
            return *status;
    Descriptor const selected = select_parts(object_descriptor(found->body).value_or(Descriptor {}), information);
    put(needed, static_cast<ULONG>(selected.size()));
    if (bytes < selected.size())
        return STATUS_BUFFER_TOO_SMALL;
    write_out(selected, into);
    return STATUS_SUCCESS;
}

namespace {

// Nothing of ours is on the frame when a driver runs.
std::optional<NTSTATUS> set_elsewhere(ob::HandleTarget const& target, SECURITY_INFORMATION information,
                                      PSECURITY_DESCRIPTOR descriptor, KPROCESSOR_MODE mode)
{
    auto copied = [&]() -> Result<void*> {
        Descriptor const change = TRY(capture_descriptor(descriptor));
        void* block = change.to_pool(PagedPool, false);
        if (!block)
            return Failure { STATUS_INSUFFICIENT_RESOURCES };
        return block;
    }();
    if (!copied.ok())
        return copied.status();
    auto const status = target.type->set_security(target.body, information, *copied, mode);
    ex::free(*copied, kDescriptorTag);
    return status;
}

} // namespace

// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwsetsecurityobject
NTSTATUS set_security_object(HANDLE handle, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR descriptor,
                             KPROCESSOR_MODE mode)
{
    if (!descriptor)
        return STATUS_ACCESS_VIOLATION;
    if (mode != KernelMode)
        mm::ProbeForRead(descriptor, sizeof(SECURITY_DESCRIPTOR_RELATIVE), sizeof(ULONG));
    auto found = ob::reference_by_handle(handle, access_to_set(information), nullptr, mode);
    if (!found.ok())
        return found.status();
    ob::Held held(found->body);
    if (found->type->set_security)
        if (auto status = set_elsewhere(*found, information, descriptor, mode))
            return *status;
    auto change = capture_descriptor(descriptor);
    if (!change.ok())
        return change.status();
    if (((information & OWNER_SECURITY_INFORMATION) && !change->owner)
        || ((information & GROUP_SECURITY_INFORMATION) && !change->group)
        || !(information & (kEverything | LABEL_SECURITY_INFORMATION)))
        return STATUS_INVALID_SECURITY_DESCR;
    Descriptor now = object_descriptor(found->body).value_or(Descriptor {});
    Token& token = security().effective(ke::kernel().current());
    auto changed
        = modify_descriptor(now, *change, information, found->type->mapping, mode == KernelMode ? nullptr : &token);
    if (!changed.ok())
        return changed.status();
    apply_protection(now, information);
    return set_object_descriptor(found->body, now).status();
}

} // namespace ringside::se
