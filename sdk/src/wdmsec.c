// SPDX-License-Identifier: MIT
//
// IoCreateDeviceSecure: on Windows too it is no part of the kernel but linked into the driver. It makes a named device
// and puts an access list on it that is written in a small part of the security descriptor language: D:P, then any
// number of (A;;rights;;;who). An administrator's settings under the device's class in the registry go before the
// driver's.

#include <ntifs.h>
#include <wdmsec.h>

#define WDMSEC_TAG 'cesW'

typedef struct _WELL_KNOWN_SID {
    WCHAR Name[2];
    UCHAR Authority;
    UCHAR SubAuthorityCount;
    ULONG SubAuthorities[2];
} WELL_KNOWN_SID;

static const WELL_KNOWN_SID WellKnownSids[] = {
    { { 'W', 'D' }, 1, 1, { 0 } },       { { 'N', 'U' }, 5, 1, { 2 } },       { { 'I', 'U' }, 5, 1, { 4 } },
    { { 'S', 'U' }, 5, 1, { 6 } },       { { 'A', 'N' }, 5, 1, { 7 } },       { { 'A', 'U' }, 5, 1, { 11 } },
    { { 'R', 'C' }, 5, 1, { 12 } },      { { 'S', 'Y' }, 5, 1, { 18 } },      { { 'L', 'S' }, 5, 1, { 19 } },
    { { 'N', 'S' }, 5, 1, { 20 } },      { { 'B', 'A' }, 5, 2, { 32, 544 } }, { { 'B', 'U' }, 5, 2, { 32, 545 } },
    { { 'B', 'G' }, 5, 2, { 32, 546 } },
};

static const struct {
    WCHAR Name[2];
    ACCESS_MASK Mask;
} Rights[] = {
    { { 'G', 'A' }, GENERIC_ALL },     { { 'G', 'R' }, GENERIC_READ }, { { 'G', 'W' }, GENERIC_WRITE },
    { { 'G', 'X' }, GENERIC_EXECUTE }, { { 'R', 'C' }, READ_CONTROL }, { { 'S', 'D' }, DELETE },
    { { 'W', 'D' }, WRITE_DAC },       { { 'W', 'O' }, WRITE_OWNER },
};

typedef struct _SID_BUFFER {
    SID Sid;
    ULONG SecondSubAuthority;
} SID_BUFFER;

#define ACE_BYTES_MAX (sizeof(ACCESS_ALLOWED_ACE) - sizeof(ULONG) + sizeof(SID_BUFFER))

// What is still to be read of the string.
typedef struct _CURSOR {
    PCWCH Next;
    PCWCH End;
} CURSOR;

static BOOLEAN Take(CURSOR* Cursor, const char* Expected)
{
    PCWCH at = Cursor->Next;

    for (; *Expected != 0; ++Expected, ++at) {
        if (at == Cursor->End || *at != (WCHAR)*Expected) {
            return FALSE;
        }
    }
    Cursor->Next = at;
    return TRUE;
}

static BOOLEAN TakePair(CURSOR* Cursor, const WCHAR Name[2])
{
    if (Cursor->End - Cursor->Next < 2 || Cursor->Next[0] != Name[0] || Cursor->Next[1] != Name[1]) {
        return FALSE;
    }
    Cursor->Next += 2;
    return TRUE;
}

static BOOLEAN TakeHexDigit(CURSOR* Cursor, PULONG Value)
{
    WCHAR digit = Cursor->Next == Cursor->End ? 0 : *Cursor->Next;
    ULONG number;

    if (digit >= '0' && digit <= '9') {
        number = digit - '0';
    } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
        number = (digit | 0x20) - 'a' + 10;
    } else {
        return FALSE;
    }
    *Value = *Value << 4 | number;
    ++Cursor->Next;
    return TRUE;
}

static BOOLEAN TakeAccess(CURSOR* Cursor, ACCESS_MASK* Mask)
{
    BOOLEAN found;
    ULONG i;

    *Mask = 0;
    if (Take(Cursor, "0x") || Take(Cursor, "0X")) {
        ULONG digits = 0;
        while (TakeHexDigit(Cursor, Mask)) {
            ++digits;
        }
        return digits >= 1 && digits <= 8;
    }
    do {
        found = FALSE;
        for (i = 0; i < RTL_NUMBER_OF(Rights) && !found; ++i) {
            if (TakePair(Cursor, Rights[i].Name)) {
                *Mask |= Rights[i].Mask;
                found = TRUE;
            }
        }
    } while (found);
    return TRUE;
}

static BOOLEAN TakeSid(CURSOR* Cursor, SID_BUFFER* Buffer)
{
    ULONG i;
    UCHAR sub;

    for (i = 0; i < RTL_NUMBER_OF(WellKnownSids); ++i) {
        const WELL_KNOWN_SID* known = &WellKnownSids[i];
        if (TakePair(Cursor, known->Name)) {
            SID_IDENTIFIER_AUTHORITY authority = { { 0, 0, 0, 0, 0, known->Authority } };
            RtlInitializeSid(&Buffer->Sid, &authority, known->SubAuthorityCount);
            for (sub = 0; sub < known->SubAuthorityCount; ++sub) {
                *RtlSubAuthoritySid(&Buffer->Sid, sub) = known->SubAuthorities[sub];
            }
            return TRUE;
        }
    }
    return FALSE;
}

// Makes the access list from the string. It lives in pool and belongs to the caller.
static NTSTATUS AclFromSddl(PCUNICODE_STRING Sddl, PACL* Result)
{
    CURSOR cursor = { Sddl->Buffer, Sddl->Buffer + Sddl->Length / sizeof(WCHAR) };
    ULONG bytes = sizeof(ACL);
    NTSTATUS status;
    PCWCH at;
    PACL acl;

    *Result = NULL;
    for (at = cursor.Next; at != cursor.End; ++at) {
        bytes += *at == '(' ? (ULONG)ACE_BYTES_MAX : 0;
    }
    if (!Take(&cursor, "D:P") || bytes > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER;
    }
    acl = ExAllocatePoolWithTag(PagedPool, bytes, WDMSEC_TAG);
    if (acl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = RtlCreateAcl(acl, bytes, ACL_REVISION);
    while (NT_SUCCESS(status) && cursor.Next != cursor.End) {
        ACCESS_MASK mask;
        SID_BUFFER sid;
        if (Take(&cursor, "(A;;") && TakeAccess(&cursor, &mask) && Take(&cursor, ";;;") && TakeSid(&cursor, &sid)
            && Take(&cursor, ")")) {
            status = RtlAddAccessAllowedAce(acl, ACL_REVISION, mask, &sid.Sid);
        } else {
            status = STATUS_INVALID_PARAMETER;
        }
    }
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(acl, WDMSEC_TAG);
        return status;
    }
    *Result = acl;
    return STATUS_SUCCESS;
}

static NTSTATUS SetSecurity(PDEVICE_OBJECT Device, PSECURITY_DESCRIPTOR Descriptor)
{
    HANDLE handle;
    NTSTATUS status = ObOpenObjectByPointer(Device, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC, NULL, KernelMode, &handle);

    if (NT_SUCCESS(status)) {
        status = ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, Descriptor);
        ZwClose(handle);
    }
    return status;
}

static NTSTATUS SetSecurityFromSddl(PDEVICE_OBJECT Device, PCUNICODE_STRING Sddl)
{
    SECURITY_DESCRIPTOR descriptor;
    PACL acl;
    NTSTATUS status = AclFromSddl(Sddl, &acl);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    if (NT_SUCCESS(status)) {
        status = RtlSetDaclSecurityDescriptor(&descriptor, TRUE, acl, FALSE);
    }
    if (NT_SUCCESS(status)) {
        descriptor.Control |= SE_DACL_PROTECTED;
        status = SetSecurity(Device, &descriptor);
    }
    ExFreePoolWithTag(acl, WDMSEC_TAG);
    return status;
}

// The administrator's settings, if there are any.
static NTSTATUS OpenClassProperties(LPCGUID Class, PHANDLE Key)
{
    static const UNICODE_STRING root
        = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\");
    WCHAR buffer[128];
    UNICODE_STRING path = { 0, sizeof(buffer), buffer };
    UNICODE_STRING guid;
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status = RtlStringFromGUID(Class, &guid);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlCopyUnicodeString(&path, &root);
    RtlAppendUnicodeStringToString(&path, &guid);
    RtlAppendUnicodeToString(&path, L"\\Properties");
    RtlFreeUnicodeString(&guid);
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ZwOpenKey(Key, KEY_READ, &attributes);
}

// The value of that name and type, in pool, or NULL.
static PKEY_VALUE_PARTIAL_INFORMATION QueryValue(HANDLE Key, PCWSTR Name, ULONG Type)
{
    PKEY_VALUE_PARTIAL_INFORMATION value;
    UNICODE_STRING name;
    ULONG bytes = 0;

    RtlInitUnicodeString(&name, Name);
    if (ZwQueryValueKey(Key, &name, KeyValuePartialInformation, NULL, 0, &bytes) != STATUS_BUFFER_TOO_SMALL) {
        return NULL;
    }
    value = ExAllocatePoolWithTag(PagedPool, bytes, WDMSEC_TAG);
    if (value != NULL
        && (!NT_SUCCESS(ZwQueryValueKey(Key, &name, KeyValuePartialInformation, value, bytes, &bytes))
            || value->Type != Type)) {
        ExFreePoolWithTag(value, WDMSEC_TAG);
        value = NULL;
    }
    return value;
}

static ULONG QueryNumber(HANDLE Key, PCWSTR Name, ULONG Otherwise)
{
    PKEY_VALUE_PARTIAL_INFORMATION value = QueryValue(Key, Name, REG_DWORD);

    if (value != NULL) {
        if (value->DataLength == sizeof(ULONG)) {
            RtlCopyMemory(&Otherwise, value->Data, sizeof(ULONG));
        }
        ExFreePoolWithTag(value, WDMSEC_TAG);
    }
    return Otherwise;
}

NTSTATUS WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
                                    DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                    PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid,
                                    PDEVICE_OBJECT* DeviceObject)
{
    PKEY_VALUE_PARTIAL_INFORMATION security = NULL;
    PDEVICE_OBJECT device;
    NTSTATUS status;
    HANDLE key;

    if (DeviceName == NULL && (DeviceCharacteristics & FILE_AUTOGENERATED_DEVICE_NAME) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DeviceClassGuid != NULL && NT_SUCCESS(OpenClassProperties(DeviceClassGuid, &key))) {
        DeviceType = QueryNumber(key, L"DeviceType", DeviceType);
        DeviceCharacteristics = QueryNumber(key, L"DeviceCharacteristics", DeviceCharacteristics);
        Exclusive = QueryNumber(key, L"Exclusive", Exclusive) != 0;
        security = QueryValue(key, L"Security", REG_BINARY);
        ZwClose(key);
    }
    status = IoCreateDevice(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive,
                            &device);
    if (NT_SUCCESS(status)) {
        if (security == NULL) {
            status = SetSecurityFromSddl(device, DefaultSDDLString);
        } else if (RtlValidRelativeSecurityDescriptor(security->Data, security->DataLength,
                                                      DACL_SECURITY_INFORMATION)) {
            status = SetSecurity(device, security->Data);
        } else {
            status = STATUS_INVALID_SECURITY_DESCR;
        }
        if (!NT_SUCCESS(status)) {
            IoDeleteDevice(device);
        }
    }
    if (security != NULL) {
        ExFreePoolWithTag(security, WDMSEC_TAG);
    }
    *DeviceObject = NT_SUCCESS(status) ? device : NULL;
    return status;
}
