// SPDX-License-Identifier: MIT
// A driver that serves others.
#include <wdm.h>

int AddOne(int number) { return number + 1; }

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(path);
    return STATUS_SUCCESS;
}
