// SPDX-License-Identifier: MIT
// What queries of objects and of object directories return.
#pragma once

#include "nt/ob.h"

namespace ringside::nt {

struct OBJECT_BASIC_INFORMATION {
    ULONG Attributes;
    ACCESS_MASK GrantedAccess;
    ULONG HandleCount;
    ULONG PointerCount;
    ULONG PagedPoolCharge;
    ULONG NonPagedPoolCharge;
    ULONG Reserved[3];
    ULONG NameInfoSize;
    ULONG TypeInfoSize;
    ULONG SecurityDescriptorSize;
    LARGE_INTEGER CreationTime;
};
NT_SIZE(OBJECT_BASIC_INFORMATION, 0x38);
NT_OFFSET(OBJECT_BASIC_INFORMATION, Attributes, 0x00);
NT_OFFSET(OBJECT_BASIC_INFORMATION, GrantedAccess, 0x04);
NT_OFFSET(OBJECT_BASIC_INFORMATION, HandleCount, 0x08);
NT_OFFSET(OBJECT_BASIC_INFORMATION, PointerCount, 0x0c);
NT_OFFSET(OBJECT_BASIC_INFORMATION, PagedPoolCharge, 0x10);
NT_OFFSET(OBJECT_BASIC_INFORMATION, NonPagedPoolCharge, 0x14);
NT_OFFSET(OBJECT_BASIC_INFORMATION, Reserved, 0x18);
NT_OFFSET(OBJECT_BASIC_INFORMATION, NameInfoSize, 0x24);
NT_OFFSET(OBJECT_BASIC_INFORMATION, TypeInfoSize, 0x28);
NT_OFFSET(OBJECT_BASIC_INFORMATION, SecurityDescriptorSize, 0x2c);
NT_OFFSET(OBJECT_BASIC_INFORMATION, CreationTime, 0x30);

struct OBJECT_TYPE_INFORMATION {
    UNICODE_STRING TypeName;
    ULONG TotalNumberOfObjects;
    ULONG TotalNumberOfHandles;
    ULONG TotalPagedPoolUsage;
    ULONG TotalNonPagedPoolUsage;
    ULONG TotalNamePoolUsage;
    ULONG TotalHandleTableUsage;
    ULONG HighWaterNumberOfObjects;
    ULONG HighWaterNumberOfHandles;
    ULONG HighWaterPagedPoolUsage;
    ULONG HighWaterNonPagedPoolUsage;
    ULONG HighWaterNamePoolUsage;
    ULONG HighWaterHandleTableUsage;
    ULONG InvalidAttributes;
    GENERIC_MAPPING GenericMapping;
    ULONG ValidAccessMask;
    BOOLEAN SecurityRequired;
    BOOLEAN MaintainHandleCount;
    UCHAR TypeIndex;
    UCHAR ReservedByte;
    ULONG PoolType;
    ULONG DefaultPagedPoolCharge;
    ULONG DefaultNonPagedPoolCharge;
};
NT_SIZE(OBJECT_TYPE_INFORMATION, 0x68);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TypeName, 0x00);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TotalNumberOfObjects, 0x10);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TotalNumberOfHandles, 0x14);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TotalPagedPoolUsage, 0x18);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TotalNonPagedPoolUsage, 0x1c);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TotalNamePoolUsage, 0x20);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TotalHandleTableUsage, 0x24);
NT_OFFSET(OBJECT_TYPE_INFORMATION, HighWaterNumberOfObjects, 0x28);
NT_OFFSET(OBJECT_TYPE_INFORMATION, HighWaterNumberOfHandles, 0x2c);
NT_OFFSET(OBJECT_TYPE_INFORMATION, HighWaterPagedPoolUsage, 0x30);
NT_OFFSET(OBJECT_TYPE_INFORMATION, HighWaterNonPagedPoolUsage, 0x34);
NT_OFFSET(OBJECT_TYPE_INFORMATION, HighWaterNamePoolUsage, 0x38);
NT_OFFSET(OBJECT_TYPE_INFORMATION, HighWaterHandleTableUsage, 0x3c);
NT_OFFSET(OBJECT_TYPE_INFORMATION, InvalidAttributes, 0x40);
NT_OFFSET(OBJECT_TYPE_INFORMATION, GenericMapping, 0x44);
NT_OFFSET(OBJECT_TYPE_INFORMATION, ValidAccessMask, 0x54);
NT_OFFSET(OBJECT_TYPE_INFORMATION, SecurityRequired, 0x58);
NT_OFFSET(OBJECT_TYPE_INFORMATION, MaintainHandleCount, 0x59);
NT_OFFSET(OBJECT_TYPE_INFORMATION, TypeIndex, 0x5a);
NT_OFFSET(OBJECT_TYPE_INFORMATION, ReservedByte, 0x5b);
NT_OFFSET(OBJECT_TYPE_INFORMATION, PoolType, 0x5c);
NT_OFFSET(OBJECT_TYPE_INFORMATION, DefaultPagedPoolCharge, 0x60);
NT_OFFSET(OBJECT_TYPE_INFORMATION, DefaultNonPagedPoolCharge, 0x64);

// Before the first OBJECT_TYPE_INFORMATION, which begins at the next multiple of eight, as each one does.
struct OBJECT_TYPES_INFORMATION {
    ULONG NumberOfTypes;
};
NT_SIZE(OBJECT_TYPES_INFORMATION, 0x04);
NT_OFFSET(OBJECT_TYPES_INFORMATION, NumberOfTypes, 0x00);

struct OBJECT_HANDLE_FLAG_INFORMATION {
    BOOLEAN Inherit;
    BOOLEAN ProtectFromClose;
};
NT_SIZE(OBJECT_HANDLE_FLAG_INFORMATION, 0x02);
NT_OFFSET(OBJECT_HANDLE_FLAG_INFORMATION, Inherit, 0x00);
NT_OFFSET(OBJECT_HANDLE_FLAG_INFORMATION, ProtectFromClose, 0x01);

struct OBJECT_DIRECTORY_INFORMATION {
    UNICODE_STRING Name;
    UNICODE_STRING TypeName;
};
NT_SIZE(OBJECT_DIRECTORY_INFORMATION, 0x20);
NT_OFFSET(OBJECT_DIRECTORY_INFORMATION, Name, 0x00);
NT_OFFSET(OBJECT_DIRECTORY_INFORMATION, TypeName, 0x10);

} // namespace ringside::nt
