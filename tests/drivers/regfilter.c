// SPDX-License-Identifier: MIT
// A registry filter. Parameters\Mode: 0 behaves; 1 faults inside its callback, with a handler around the call that led
// there; 2 forgets to unregister.
#include <ntddk.h>

static LARGE_INTEGER Cookie;
static ULONG Mode;
static ULONG Calls;

static NTSTATUS NTAPI Filter(PVOID Context, PVOID Class, PVOID Information)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Class);
    UNREFERENCED_PARAMETER(Information);
    ++Calls;
    if (Mode == 1)
        *(volatile ULONG*)NULL = 1;
    return STATUS_SUCCESS;
}

static NTSTATUS OpenOwnKey(PUNICODE_STRING Path)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;
    InitializeObjectAttributes(&attributes, Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    __try {
        status = ZwOpenKey(&key, KEY_READ, &attributes);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        DbgPrint("handled %08x\n", GetExceptionCode());
        return STATUS_SUCCESS;
    }
    if (NT_SUCCESS(status))
        ZwClose(key);
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    if (Mode != 2)
        CmUnRegisterCallback(Cookie);
    DbgPrint("%u calls\n", Calls);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    RTL_QUERY_REGISTRY_TABLE table[2] = { { 0 } };
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[0].Name = L"Mode";
    table[0].EntryContext = &Mode;
    table[0].DefaultType = REG_DWORD;
    table[0].DefaultData = &Mode;
    table[0].DefaultLength = sizeof(Mode);
    RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"regfilter\\Parameters", table, NULL, NULL);
    Driver->DriverUnload = Unload;
    UNICODE_STRING altitude = RTL_CONSTANT_STRING(L"370000");
    NTSTATUS status = CmRegisterCallbackEx(Filter, &altitude, Driver, NULL, &Cookie, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = OpenOwnKey(RegistryPath);
    if (!NT_SUCCESS(status))
        CmUnRegisterCallback(Cookie);
    return status;
}
