// SPDX-License-Identifier: MIT
// What platter.sys and its test agree on: a disk of one megabyte, \\.\Platter, with the disk I/O control codes of
// ntdddisk.h, and this one, which verifies the partition table: one byte, whether to repair it.
#pragma once

#define PLATTER_SECTORS 2048
#define PLATTER_BYTES_PER_SECTOR 512
#define IOCTL_PLATTER_VERIFY 0x8000A000 // CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_WRITE_ACCESS)
