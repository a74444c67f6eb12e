// SPDX-License-Identifier: MIT
//
// Pool allocation since Windows 8: no-execute pool, ExAllocatePool2 and 3, and the functions a driver for older Windows
// uses in their place, which are inline on Windows too.
#pragma once

#define POOL_FLAG_USE_QUOTA 0x0000000000000001ui64
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ui64
#define POOL_FLAG_SESSION 0x0000000000000004ui64
#define POOL_FLAG_CACHE_ALIGNED 0x0000000000000008ui64
#define POOL_FLAG_RESERVED1 0x0000000000000010ui64
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ui64
#define POOL_FLAG_NON_PAGED 0x0000000000000040ui64
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ui64
#define POOL_FLAG_PAGED 0x0000000000000100ui64
#define POOL_FLAG_RESERVED2 0x0000000000000200ui64
#define POOL_FLAG_RESERVED3 0x0000000000000400ui64
#define POOL_FLAG_REQUIRED_START POOL_FLAG_USE_QUOTA
#define POOL_FLAG_REQUIRED_END 0x0000000080000000ui64
#define POOL_FLAG_OPTIONAL_START 0x0000000100000000ui64
#define POOL_FLAG_SPECIAL_POOL 0x0000000100000000ui64
#define POOL_FLAG_OPTIONAL_END 0x8000000000000000ui64

typedef ULONG64 POOL_FLAGS;

typedef enum POOL_EXTENDED_PARAMETER_TYPE {
    PoolExtendedParameterInvalidType = 0,
    PoolExtendedParameterPriority,
    PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode,
    PoolExtendedParameterMax
} POOL_EXTENDED_PARAMETER_TYPE,
    *PPOOL_EXTENDED_PARAMETER_TYPE;

typedef struct _POOL_EXTENDED_PARAMETER {
    struct {
        ULONG64 Type : 8;
        ULONG64 Optional : 1;
        ULONG64 Reserved : 64 - 9;
    };
    union {
        ULONG64 Reserved2;
        PVOID Reserved3;
        EX_POOL_PRIORITY Priority;
        PVOID SecurePoolParams;
        ULONG PreferredNode;
    };
} POOL_EXTENDED_PARAMETER, *PPOOL_EXTENDED_PARAMETER;

typedef CONST POOL_EXTENDED_PARAMETER* PCPOOL_EXTENDED_PARAMETER;

#ifdef __cplusplus
extern "C" {
#endif

NTKERNELAPI BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                                       PUNICODE_STRING CSDVersion);

#if NTDDI_VERSION >= NTDDI_WIN10_VB
NTKERNELAPI PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag);
NTKERNELAPI PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                                        PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount);
#endif

#ifdef __cplusplus
}
#endif

FORCEINLINE PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

FORCEINLINE PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    PVOID block = ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
    if (block != NULL)
        RtlZeroMemory(block, NumberOfBytes);
    return block;
}

FORCEINLINE PVOID ExAllocatePoolQuotaUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag);
}

FORCEINLINE PVOID ExAllocatePoolQuotaZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    PVOID block = ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag);
    if (block != NULL)
        RtlZeroMemory(block, NumberOfBytes);
    return block;
}

FORCEINLINE PVOID ExAllocatePoolPriorityUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                                      EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority);
}

FORCEINLINE PVOID ExAllocatePoolPriorityZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                             EX_POOL_PRIORITY Priority)
{
    PVOID block = ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority);
    if (block != NULL)
        RtlZeroMemory(block, NumberOfBytes);
    return block;
}

// Opting in to no-execute pool: with POOL_NX_OPTIN the name NonPagedPool means what ExInitializeDriverRuntime chose.
#define DrvRtPoolNxOptIn 0x00000001

#if defined(POOL_NX_OPTIN) && POOL_NX_OPTIN
__declspec(selectany) POOL_TYPE ExDefaultNonPagedPoolType = NonPagedPool;
__declspec(selectany) ULONG ExDefaultMdlProtection = 0;
#define NonPagedPool ExDefaultNonPagedPoolType
#define NonPagedPoolCacheAligned ((POOL_TYPE)(ExDefaultNonPagedPoolType | NonPagedPoolBaseCacheAligned))
#endif

FORCEINLINE VOID ExInitializeDriverRuntime(ULONG RuntimeFlags)
{
#if defined(POOL_NX_OPTIN) && POOL_NX_OPTIN
    ULONG major = 0;
    ULONG minor = 0;
    PsGetVersion(&major, &minor, NULL, NULL);
    if ((RuntimeFlags & DrvRtPoolNxOptIn) != 0 && (major > 6 || (major == 6 && minor >= 2))) {
        ExDefaultNonPagedPoolType = NonPagedPoolNx;
        ExDefaultMdlProtection = 0x40000000;
    }
#else
    UNREFERENCED_PARAMETER(RuntimeFlags);
#endif
}
