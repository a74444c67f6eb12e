// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-rtlioencodememioresource
// @cite(wdk-ddi): page=wdm/nf-wdm-rtlcmencodememioresource
#include "rtl/resource_encoding.h"

namespace ringside::rtl {

namespace {

struct Scale {
    USHORT flag;
    unsigned shift;
};
constexpr Scale kScales[] = {
    { 0, 0 },
    { CM_RESOURCE_MEMORY_LARGE_40, 8 },
    { CM_RESOURCE_MEMORY_LARGE_48, 16 },
    { CM_RESOURCE_MEMORY_LARGE_64, 32 },
};

bool is_range(UCHAR type)
{
    return type == CmResourceTypePort || type == CmResourceTypeMemory || type == CmResourceTypeMemoryLarge;
}

// The finest scale that holds both numbers; ports have none but the plain one.
Scale const* scale_for(UCHAR type, ULONGLONG length, ULONGLONG alignment)
{
    for (Scale const& scale : kScales) {
        ULONGLONG const lost = (ULONGLONG { 1 } << scale.shift) - 1;
        if (!((length | alignment) & lost) && length >> scale.shift <= 0xFFFFFFFF
            && alignment >> scale.shift <= 0xFFFFFFFF)
            return &scale;
        if (type == CmResourceTypePort)
            break;
    }
    return nullptr;
}

unsigned shift_of(UCHAR type, USHORT flags)
{
    if (type == CmResourceTypeMemoryLarge)
        for (Scale const& scale : kScales)
            if (scale.flag && flags & scale.flag)
                return scale.shift;
    return 0;
}

template <typename Descriptor>
void set_kind(Descriptor& descriptor, UCHAR type, Scale const& scale)
{
    bool const port = type == CmResourceTypePort;
    descriptor.Type = static_cast<UCHAR>(port             ? CmResourceTypePort
                                             : scale.flag ? CmResourceTypeMemoryLarge
                                                          : CmResourceTypeMemory);
    if (!port)
        descriptor.Flags = static_cast<USHORT>((descriptor.Flags & ~CM_RESOURCE_MEMORY_LARGE) | scale.flag);
}

} // namespace

NTSTATUS RtlIoEncodeMemIoResource(IO_RESOURCE_DESCRIPTOR* descriptor, UCHAR type, ULONGLONG length, ULONGLONG alignment,
                                  ULONGLONG minimum, ULONGLONG maximum)
{
    if (!descriptor || !is_range(type) || minimum > maximum)
        return STATUS_INVALID_PARAMETER;
    Scale const* scale = scale_for(type, length, alignment);
    if (!scale)
        return STATUS_UNSUCCESSFUL;
    set_kind(*descriptor, type, *scale);
    auto& range = descriptor->u.Memory; // ports and the large kinds have the same places
    range.Length = static_cast<ULONG>(length >> scale->shift);
    range.Alignment = static_cast<ULONG>(alignment >> scale->shift);
    range.MinimumAddress.QuadPart = static_cast<LONGLONG>(minimum);
    range.MaximumAddress.QuadPart = static_cast<LONGLONG>(maximum);
    return STATUS_SUCCESS;
}

ULONGLONG RtlIoDecodeMemIoResource(IO_RESOURCE_DESCRIPTOR const* descriptor, ULONGLONG* alignment, ULONGLONG* minimum,
                                   ULONGLONG* maximum)
{
    auto const& range = descriptor->u.Memory;
    unsigned const shift = shift_of(descriptor->Type, descriptor->Flags);
    if (alignment)
        *alignment = ULONGLONG { range.Alignment } << shift;
    if (minimum)
        *minimum = static_cast<ULONGLONG>(range.MinimumAddress.QuadPart);
    if (maximum)
        *maximum = static_cast<ULONGLONG>(range.MaximumAddress.QuadPart);
    return ULONGLONG { range.Length } << shift;
}

NTSTATUS RtlCmEncodeMemIoResource(CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor, UCHAR type, ULONGLONG length,
                                  ULONGLONG start)
{
    if (!descriptor || !is_range(type))
        return STATUS_INVALID_PARAMETER;
    Scale const* scale = scale_for(type, length, 0);
    if (!scale)
        return STATUS_UNSUCCESSFUL;
    set_kind(*descriptor, type, *scale);
    descriptor->u.Memory.Start.QuadPart = static_cast<LONGLONG>(start);
    descriptor->u.Memory.Length = static_cast<ULONG>(length >> scale->shift);
    return STATUS_SUCCESS;
}

ULONGLONG RtlCmDecodeMemIoResource(CM_PARTIAL_RESOURCE_DESCRIPTOR const* descriptor, ULONGLONG* start)
{
    if (start)
        *start = static_cast<ULONGLONG>(descriptor->u.Memory.Start.QuadPart);
    return ULONGLONG { descriptor->u.Memory.Length } << shift_of(descriptor->Type, descriptor->Flags);
}

NTSTATUS RtlFindClosestEncodableLength(ULONGLONG length, ULONGLONG* encodable)
{
    for (Scale const& scale : kScales) {
        ULONGLONG const unit = ULONGLONG { 1 } << scale.shift;
        if (length > ~ULONGLONG { 0 } - (unit - 1))
            break;
        ULONGLONG const rounded = (length + unit - 1) & ~(unit - 1);
        if (rounded >> scale.shift <= 0xFFFFFFFF) {
            *encodable = rounded;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_UNSUCCESSFUL;
}

} // namespace ringside::rtl
