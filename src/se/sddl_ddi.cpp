// SPDX-License-Identifier: MIT
// The two conversions as drivers import them. What they return stands in pool and is the caller's to free.
#include "ex/pool.h"
#include "ob/capture.h"
#include "se/ddi.h"
#include "se/sddl.h"

namespace ringside::se {

using ob::put;

namespace {

constexpr uint32_t kTextTag = 'lddS'; // "Sddl"
constexpr ULONG kRevision = 1;        // SDDL_REVISION_1

} // namespace

NTSTATUS SeConvertStringSecurityDescriptorToSecurityDescriptor(UNICODE_STRING* text, ULONG revision,
                                                               PSECURITY_DESCRIPTOR* descriptor, ULONG* bytes)
{
    put(descriptor, nullptr);
    if (revision != kRevision)
        return STATUS_UNKNOWN_REVISION;
    auto const given = ob::read_string(text);
    if (!given.ok())
        return STATUS_INVALID_PARAMETER;
    auto made = parse_sddl(given.value());
    if (!made.ok())
        return made.status();
    void* block = made->to_pool(PagedPool, true);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    put(descriptor, block);
    if (bytes)
        put(bytes, static_cast<ULONG>(made->size()));
    return STATUS_SUCCESS;
}

NTSTATUS SeConvertSecurityDescriptorToStringSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision,
                                                               SECURITY_INFORMATION information, UNICODE_STRING* text)
{
    put(text, {});
    if (revision != kRevision)
        return STATUS_UNKNOWN_REVISION;
    auto given = capture_descriptor(descriptor);
    if (!given.ok())
        return given.status();
    std::u16string const made = print_sddl(*given, information);
    size_t const size = (made.size() + 1) * sizeof(char16_t);
    if (size > 0xFFFE)
        return STATUS_INVALID_PARAMETER;
    void* block = ex::allocate(PagedPool, size, kTextTag, ex::Owner::Driver, false);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(block, made.c_str(), size);
    put(text, { static_cast<USHORT>(size - sizeof(char16_t)), static_cast<USHORT>(size), static_cast<PWSTR>(block) });
    return STATUS_SUCCESS;
}

} // namespace ringside::se
