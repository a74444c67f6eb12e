// SPDX-License-Identifier: MIT
//
// Interfaces of wdm.h since Windows 8, and the few older ones mingw-w64 lacks: those that drivers were seen to use.
// Each stands under the version that Microsoft's documentation gives for it.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Flags beside the priority of MmMapLockedPagesSpecifyCache and MmGetSystemAddressForMdlSafe.
#define MdlMappingNoWrite 0x80000000
#define MdlMappingNoExecute 0x40000000
#define MdlMappingWithGuardPtes 0x20000000

// RtlQueryRegistryValues compares a value's type with the one in the highest byte of the table entry's DefaultType.
#define RTL_QUERY_REGISTRY_TYPECHECK 0x00000100
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#define RTL_QUERY_REGISTRY_TYPECHECK_MASK (0xffu << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)

#if NTDDI_VERSION >= NTDDI_WIN8

NTKERNELAPI VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime);
NTKERNELAPI VOID NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime);
NTKERNELAPI NTSTATUS NTAPI ExGetFirmwareEnvironmentVariable(PUNICODE_STRING VariableName, LPGUID VendorGuid,
                                                            PVOID Value, PULONG ValueLength, PULONG Attributes);
NTKERNELAPI NTSTATUS NTAPI ExSetFirmwareEnvironmentVariable(PUNICODE_STRING VariableName, LPGUID VendorGuid,
                                                            PVOID Value, ULONG ValueLength, ULONG Attributes);
NTKERNELAPI NTSTATUS NTAPI IoCreateSystemThread(PVOID IoObject, PHANDLE ThreadHandle, ULONG DesiredAccess,
                                                POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                                PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext);
NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(PUNICODE_STRING SymbolicLinkName,
                                                            CONST DEVPROPKEY* PropertyKey, LCID Lcid, ULONG Flags,
                                                            DEVPROPTYPE Type, ULONG Size, PVOID Data);
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(PUNICODE_STRING SymbolicLinkName,
                                                            CONST DEVPROPKEY* PropertyKey, LCID Lcid, ULONG Flags,
                                                            ULONG Size, PVOID Data, PULONG RequiredSize,
                                                            DEVPROPTYPE* Type);
NTKERNELAPI PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG Protect,
                                                       NODE_REQUIREMENT PreferredNode);

#endif
#if NTDDI_VERSION >= NTDDI_WINBLUE

NTKERNELAPI ULONG64 NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp);

#endif
#if NTDDI_VERSION >= NTDDI_WIN10

NTKERNELAPI PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect);
NTKERNELAPI PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota);

#endif
#if NTDDI_VERSION >= NTDDI_WIN10_RS3

typedef struct _LINK_SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Deleters;
    ULONG SharedDelete;
} LINK_SHARE_ACCESS, *PLINK_SHARE_ACCESS;

#define IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS 0x00000001
#define IO_CHECK_SHARE_ACCESS_DONT_UPDATE_FILE_OBJECT 0x00000002
#define IO_CHECK_SHARE_ACCESS_DONT_CHECK_READ 0x00000004
#define IO_CHECK_SHARE_ACCESS_DONT_CHECK_WRITE 0x00000008
#define IO_CHECK_SHARE_ACCESS_DONT_CHECK_DELETE 0x00000010
#define IO_CHECK_SHARE_ACCESS_FORCE_CHECK 0x00000020
#define IO_CHECK_SHARE_ACCESS_FORCE_USING_SCB 0x00000040
#define IO_SHARE_ACCESS_NON_PRIMARY_STREAM 0x00000080
#define IO_SHARE_ACCESS_NO_WRITE_PERMISSION 0x80000000

NTKERNELAPI NTSTATUS NTAPI IoCheckLinkShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                                  PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                                  PLINK_SHARE_ACCESS LinkShareAccess, ULONG IoShareAccessFlags);
NTKERNELAPI VOID NTAPI IoSetLinkShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                            PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                            PLINK_SHARE_ACCESS LinkShareAccess, ULONG IoShareAccessFlags);
NTKERNELAPI VOID NTAPI IoUpdateLinkShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                               PLINK_SHARE_ACCESS LinkShareAccess);
NTKERNELAPI VOID NTAPI IoRemoveLinkShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                               PLINK_SHARE_ACCESS LinkShareAccess);

#endif
#if NTDDI_VERSION >= NTDDI_WIN10_19H1

NTKERNELAPI VOID NTAPI IoUpdateLinkShareAccessEx(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                                 PLINK_SHARE_ACCESS LinkShareAccess, ULONG IoShareAccessFlags);
NTKERNELAPI VOID NTAPI IoRemoveLinkShareAccessEx(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                                 PLINK_SHARE_ACCESS LinkShareAccess, ULONG IoShareAccessFlags);

#endif
#if NTDDI_VERSION >= NTDDI_WIN10_RS4

typedef enum _DRIVER_REGKEY_TYPE {
    DriverRegKeyParameters,
    DriverRegKeyPersistentState,
    DriverRegKeySharedPersistentState
} DRIVER_REGKEY_TYPE,
    *PDRIVER_REGKEY_TYPE;

typedef enum _DRIVER_DIRECTORY_TYPE {
    DriverDirectoryImage,
    DriverDirectoryData,
    DriverDirectorySharedData
} DRIVER_DIRECTORY_TYPE,
    *PDRIVER_DIRECTORY_TYPE;

typedef enum _DEVICE_DIRECTORY_TYPE { DeviceDirectoryData } DEVICE_DIRECTORY_TYPE, *PDEVICE_DIRECTORY_TYPE;

NTKERNELAPI NTSTATUS NTAPI IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType,
                                                   ACCESS_MASK DesiredAccess, ULONG Flags, PHANDLE DriverRegKey);
NTKERNELAPI NTSTATUS NTAPI IoGetDriverDirectory(PDRIVER_OBJECT DriverObject, DRIVER_DIRECTORY_TYPE DirectoryType,
                                                ULONG Flags, PHANDLE DriverDirectoryHandle);
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceDirectory(PDEVICE_OBJECT PhysicalDeviceObject,
                                                DEVICE_DIRECTORY_TYPE DirectoryType, ULONG Flags, PVOID Reserved,
                                                PHANDLE DeviceDirectoryHandle);
NTKERNELAPI LOGICAL NTAPI KeIsExecutingDpc(VOID);

#endif

// Memory that outlives a kernel soft reboot. "Reserved for system use."
#if NTDDI_VERSION >= NTDDI_WIN10_VB

NTKERNELAPI NTSTATUS NTAPI IoReserveKsrPersistentMemory(PDRIVER_OBJECT DriverObject,
                                                        PDEVICE_OBJECT PhysicalDeviceObject, SIZE_T Size, ULONG Flags,
                                                        PVOID* DataHandle);
NTKERNELAPI NTSTATUS NTAPI IoWriteKsrPersistentMemory(PVOID DataHandle, PVOID Buffer, SIZE_T Size);
NTKERNELAPI NTSTATUS NTAPI IoFreeKsrPersistentMemory(PVOID DataHandle);
NTKERNELAPI NTSTATUS NTAPI IoQueryKsrPersistentMemorySize(PDRIVER_OBJECT DriverObject,
                                                          PDEVICE_OBJECT PhysicalDeviceObject, PSIZE_T BufferSize);
NTKERNELAPI NTSTATUS NTAPI IoAcquireKsrPersistentMemory(PDRIVER_OBJECT DriverObject,
                                                        PDEVICE_OBJECT PhysicalDeviceObject, PVOID Buffer,
                                                        PSIZE_T Size);

#endif
#if NTDDI_VERSION >= NTDDI_WIN10_FE

typedef NTSTATUS(NTAPI IO_PERSISTED_MEMORY_ENUMERATION_CALLBACK)(PDRIVER_OBJECT DriverObject,
                                                                 PDEVICE_OBJECT PhysicalDeviceObject,
                                                                 PUNICODE_STRING PhysicalDeviceId, PUSHORT DataTag,
                                                                 PULONG DataVersion, PVOID Context);
typedef IO_PERSISTED_MEMORY_ENUMERATION_CALLBACK* PIO_PERSISTED_MEMORY_ENUMERATION_CALLBACK;

NTKERNELAPI NTSTATUS NTAPI IoReserveKsrPersistentMemoryEx(PDRIVER_OBJECT DriverObject,
                                                          PDEVICE_OBJECT PhysicalDeviceObject,
                                                          PUNICODE_STRING PhysicalDeviceId, PUSHORT DataTag,
                                                          ULONG DataVersion, SIZE_T Size, ULONG Flags,
                                                          PVOID* DataHandle);
NTKERNELAPI NTSTATUS NTAPI IoQueryKsrPersistentMemorySizeEx(PDRIVER_OBJECT DriverObject,
                                                            PDEVICE_OBJECT PhysicalDeviceObject,
                                                            PUNICODE_STRING PhysicalDeviceId, PUSHORT DataTag,
                                                            ULONG DataVersion, PSIZE_T BufferSize);
NTKERNELAPI NTSTATUS NTAPI IoAcquireKsrPersistentMemoryEx(PDRIVER_OBJECT DriverObject,
                                                          PDEVICE_OBJECT PhysicalDeviceObject,
                                                          PUNICODE_STRING PhysicalDeviceId, PUSHORT DataTag,
                                                          ULONG DataVersion, PVOID Buffer, PSIZE_T Size);
NTKERNELAPI NTSTATUS NTAPI
IoEnumerateKsrPersistentMemoryEx(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject,
                                 PUNICODE_STRING PhysicalDeviceId,
                                 PIO_PERSISTED_MEMORY_ENUMERATION_CALLBACK Callback, PVOID CallbackContext);

#endif

// A status block as 64-bit systems have it, from and to the one that this driver is built with. Both are pointers.
typedef struct _IO_STATUS_BLOCK64 {
    union {
        NTSTATUS Status;
        ULONG64 Pointer;
    };
    ULONG64 Information;
} IO_STATUS_BLOCK64, *PIO_STATUS_BLOCK64;

#define IosbToIosb64(iosb64, iosb)                                                                                     \
    ((VOID)((iosb64)->Pointer = (ULONG64)(ULONG_PTR)(iosb)->Pointer,                                                   \
            (iosb64)->Information = (ULONG64)(iosb)->Information))
#define Iosb64ToIosb(iosb, iosb64)                                                                                     \
    ((VOID)((iosb)->Pointer = (PVOID)(ULONG_PTR)(iosb64)->Pointer,                                                     \
            (iosb)->Information = (ULONG_PTR)(iosb64)->Information))

// Tracing functions that WPP-generated code calls.
NTKERNELAPI NTSTATUS NTAPI WmiTraceMessage(TRACEHANDLE LoggerHandle, ULONG MessageFlags, LPCGUID MessageGuid,
                                           USHORT MessageNumber, ...);
NTKERNELAPI NTSTATUS NTAPI WmiTraceMessageVa(TRACEHANDLE LoggerHandle, ULONG MessageFlags, LPCGUID MessageGuid,
                                             USHORT MessageNumber, va_list MessageArgList);

NTSYSAPI BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version);
NTSYSAPI BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG Version);
NTKERNELAPI VOID NTAPI MmProbeAndLockSelectedPages(PMDLX MemoryDescriptorList,
                                                   union _FILE_SEGMENT_ELEMENT* SegmentArray,
                                                   KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation);

#ifdef __cplusplus
}
#endif

// Clears what lies behind a string's end in its buffer, so that it can be copied to an untrusted reader.
FORCEINLINE VOID RtlSanitizeUnicodeStringPadding(PUNICODE_STRING String)
{
    if (String->MaximumLength > String->Length)
        RtlZeroMemory((PUCHAR)String->Buffer + String->Length, String->MaximumLength - String->Length);
}
