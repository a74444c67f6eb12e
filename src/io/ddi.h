// SPDX-License-Identifier: MIT
// The exports that room io owns: one table of rows per subject.
#pragma once

#include "base/contract.h"

namespace ringside::io {

// All of the room's rows, in the order of the tables below.
std::span<Ddi const> ddi_rows();

std::span<Ddi const> irp_rows();     // irp_rows.cpp: an IRP's life, cancelling, cancel-safe queues
std::span<Ddi const> device_rows();  // device_rows.cpp: drivers, devices, stacks, names
std::span<Ddi const> service_rows(); // service_rows.cpp: work items, timers, remove locks, StartIo, share access ...
std::span<Ddi const> mark_rows();    // mark_rows.cpp: controllers, activity IDs, marks on files, threads and IRPs
std::span<Ddi const> interrupt_rows(); // interrupt.cpp
std::span<Ddi const> file_rows();    // file_ddi.cpp: ZwCreateFile and its kind
std::span<Ddi const> file_service_rows(); // file_services.cpp: information, volumes, flushing
std::span<Ddi const> directory_rows(); // directory_ddi.cpp: listing a folder
std::span<Ddi const> lock_rows();    // lock_ddi.cpp: byte-range locks
std::span<Ddi const> ea_rows();      // ea_ddi.cpp: extended attributes
std::span<Ddi const> wmi_rows();     // wmi_ddi.cpp: providers and consumers of WMI
std::span<Ddi const> wmilib_rows();  // wmilib.cpp: WMILIB.SYS
std::span<Ddi const> ksr_rows();     // ksr_memory.cpp: memory that outlives a soft reboot
std::span<Ddi const> quota_rows();
std::span<Ddi const> disk_rows();    // disk/disk_rows.cpp: partition tables, creating disks
std::span<Ddi const> path_rows();    // path_ddi.cpp: services by path, opens with a hint, names of volumes

} // namespace ringside::io
