// SPDX-License-Identifier: MIT
// What \\.\Removal is asked: one call of a remove lock each, with the tag that stands in the input.
#pragma once

#ifndef CTL_CODE // where no Windows header is
#define CTL_CODE(type, function, method, access) (((type) << 16) | ((access) << 14) | ((function) << 2) | (method))
#define METHOD_BUFFERED 0
#define FILE_ANY_ACCESS 0
#endif

#define IOCTL_REMOVAL_ACQUIRE CTL_CODE(0x8000, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_REMOVAL_RELEASE CTL_CODE(0x8000, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_REMOVAL_RELEASE_AND_WAIT CTL_CODE(0x8000, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
