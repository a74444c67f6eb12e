// SPDX-License-Identifier: MIT
// An early-launch driver: says what it is told of the boot-start drivers after it, and finds bad what is called bell.
#include <ntddk.h>

static PVOID Registration;

static BOOLEAN IsCalled(PUNICODE_STRING Path, const WCHAR* Name)
{
    UNICODE_STRING name, end;
    RtlInitUnicodeString(&name, Name);
    if (Path->Length < name.Length)
        return FALSE;
    end.Length = end.MaximumLength = name.Length;
    end.Buffer = (PWCH)((PUCHAR)Path->Buffer + Path->Length - name.Length);
    return RtlEqualUnicodeString(&end, &name, TRUE);
}

static VOID Heard(PVOID Context, BDCB_CALLBACK_TYPE Type, PBDCB_IMAGE_INFORMATION Information)
{
    static const char* const updates[] = { "dependencies come", "drivers come", "boot is over" };
    UNREFERENCED_PARAMETER(Context);
    if (Type == BdCbStatusUpdate) {
        DbgPrint("%s", updates[((PBDCB_STATUS_UPDATE_CONTEXT)Information)->StatusType]);
        return;
    }
    if (IsCalled(&Information->ImageName, L"\\bell.sys"))
        Information->Classification = BdCbClassificationKnownBadImage;
    DbgPrint("%wZ flags %u, %u bytes of hash %x, key %wZ", &Information->ImageName, Information->ImageFlags,
             Information->ImageHashLength, Information->ImageHashAlgorithm, &Information->RegistryPath);
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    IoUnregisterBootDriverCallback(Registration);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    Registration = IoRegisterBootDriverCallback(Heard, NULL);
    return Registration ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
