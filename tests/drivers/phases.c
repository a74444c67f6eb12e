// SPDX-License-Identifier: MIT
// A driver that starts in stages and says when each of them has its turn. It is loaded under several names, as a
// boot-start driver and as others; its Reinitialize routine wants to be called twice, once more after all others.
#include <ntddk.h>

static WCHAR Name[32]; // of the service
static CHAR const OnceMore[] = "once more";

static void Say(PCSTR What, ULONG Count) { DbgPrint("%ws: %s %lu\n", Name, What, Count); }

static void BootReinitialize(PDRIVER_OBJECT Driver, PVOID Context, ULONG Count)
{
    UNREFERENCED_PARAMETER(Driver);
    Say(Context, Count);
}

static void Reinitialize(PDRIVER_OBJECT Driver, PVOID Context, ULONG Count)
{
    Say(Context, Count);
    if (Context != OnceMore)
        IoRegisterDriverReinitialization(Driver, Reinitialize, (PVOID)OnceMore);
}

static void Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    USHORT const length = RegistryPath->Length / sizeof(WCHAR);
    USHORT first = length;
    while (first && RegistryPath->Buffer[first - 1] != L'\\')
        --first;
    for (USHORT i = first; i < length && i - first < RTL_NUMBER_OF(Name) - 1; ++i)
        Name[i - first] = RegistryPath->Buffer[i];
    Driver->DriverUnload = Unload;
    Say("DriverEntry", 0);
    IoRegisterBootDriverReinitialization(Driver, BootReinitialize, "boot devices are there");
    IoRegisterDriverReinitialization(Driver, Reinitialize, "others have started");
    return Name[0] == L'f' ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}
