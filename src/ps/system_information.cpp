// SPDX-License-Identifier: MIT
// ZwQuerySystemInformation: the classes that drivers ask for.
#include "ps/ddi.h"

#include "base/windows.h"
#include "hal/layout.h"
#include "hal/physical.h"
#include "ke/debugger.h"
#include "ke/kernel.h"
#include "ob/manager.h"
#include "ob/service.h"
#include "ps/process.h"
#include "ps/writer.h"

#include <algorithm>
#include <cstring>

namespace ringside::ps {

using namespace nt;

namespace {

constexpr int32_t kSystemClassesEnd = 256; // more than any Windows has classes

HANDLE handle_of(uint64_t id) { return reinterpret_cast<HANDLE>(id); }

NTSTATUS basic(PVOID into, ULONG length, ULONG* return_length)
{
    ke::Kernel& k = ke::kernel();
    auto const pages = static_cast<ULONG>(k.memory().bytes() / hal::kPageSize);
    SYSTEM_BASIC_INFORMATION information {};
    information.TimerResolution = ke::Kernel::kTickUnits;
    information.PageSize = hal::kPageSize;
    information.NumberOfPhysicalPages = pages;
    information.HighestPhysicalPageNumber = pages - 1;
    information.AllocationGranularity = 0x10000;
    information.MinimumUserModeAddress = hal::kUserLow;
    information.MaximumUserModeAddress = hal::kUserHigh - 0x10001;
    information.NumberOfProcessors = static_cast<CCHAR>(k.cpus().size());
    information.ActiveProcessorsAffinityMask = ~ULONG_PTR { 0 } >> (64 - std::min<size_t>(64, k.cpus().size()));
    return answer(information, into, length, return_length);
}

NTSTATUS processor(PVOID into, ULONG length, ULONG* return_length)
{
    constexpr USHORT kAmd64 = 9; // PROCESSOR_ARCHITECTURE_AMD64
    SYSTEM_PROCESSOR_INFORMATION information {};
    information.ProcessorArchitecture = kAmd64;
    information.ProcessorLevel = 6; // the family of the profile's processor (ldr/profile.cpp)
    information.MaximumProcessors = static_cast<USHORT>(ke::kernel().cpus().size());
    return answer(information, into, length, return_length);
}

NTSTATUS time_of_day(PVOID into, ULONG length, ULONG* return_length)
{
    SYSTEM_TIMEOFDAY_INFORMATION information {};
    information.BootTime.QuadPart = ke::Kernel::kBootSystemTime;
    information.CurrentTime.QuadPart = static_cast<int64_t>(ke::kernel().system_time());
    if (return_length)
        ob::put(return_length, std::min<ULONG>(length, sizeof information));
    if (length > sizeof information)
        return STATUS_INFO_LENGTH_MISMATCH;
    ke::copy_or_raise(into, &information, length); // as much of it as is asked for
    return STATUS_SUCCESS;
}

// One process: the structure, its threads, then its name; each begins at a multiple of eight.
void put_process(Writer& out, ProcessRecord& process, bool last)
{
    constexpr KPRIORITY kBasePriority = 8;
    SYSTEM_PROCESS_INFORMATION information {};
    manager().for_each_thread(
        [&](ThreadRecord const& thread) { information.NumberOfThreads += thread.thread->process == &process.process; });
    size_t const characters = process.image_path.size() - (process.image_path.find_last_of(u'\\') + 1);
    size_t const threads_end = sizeof information + information.NumberOfThreads * sizeof(SYSTEM_THREAD_INFORMATION);
    size_t const bytes = (threads_end + (characters + 1) * sizeof(char16_t) + 7) & ~size_t { 7 };
    information.NextEntryOffset = last ? 0 : static_cast<ULONG>(bytes);
    information.NumberOfThreadsHighWatermark = information.NumberOfThreads;
    information.CreateTime.QuadPart = process.create_time;
    information.ImageName = { static_cast<USHORT>(characters * sizeof(char16_t)),
                              static_cast<USHORT>((characters + 1) * sizeof(char16_t)),
                              reinterpret_cast<PWSTR>(out.here() + threads_end) };
    information.BasePriority = kBasePriority;
    information.UniqueProcessId = handle_of(process.process.id);
    information.InheritedFromUniqueProcessId = handle_of(process.parent_id);
    information.HandleCount = static_cast<ULONG>(ob::open_handles_of(process.process));
    information.SessionId = kSession;
    information.QuotaPagedPoolUsage = process.quota[1].used;
    information.QuotaPeakPagedPoolUsage = process.quota[1].most;
    information.QuotaNonPagedPoolUsage = process.quota[0].used;
    information.QuotaPeakNonPagedPoolUsage = process.quota[0].most;
    out.put(information);
    manager().for_each_thread([&](ThreadRecord const& record) {
        ke::Thread const& thread = *record.thread;
        if (thread.process != &process.process)
            return;
        // KTHREAD_STATE: initialized, ready, running, ..., terminated 4, waiting 5.
        constexpr ULONG kStates[] = { 0, 1, 2, 5, 4 };
        SYSTEM_THREAD_INFORMATION about {};
        about.CreateTime.QuadPart = record.create_time;
        about.StartAddress = reinterpret_cast<PVOID>(record.start_routine);
        about.ClientId = { handle_of(process.process.id), handle_of(thread.id) };
        about.Priority = thread.priority;
        about.BasePriority = thread.base_priority;
        about.ThreadState = kStates[static_cast<size_t>(thread.state)];
        about.WaitReason = thread.wait_reason;
        out.put(about);
    });
    for (size_t i = process.image_path.size() - characters; i < process.image_path.size(); ++i)
        out.put(process.image_path[i]);
    out.put(u'\0');
    out.round_up(8);
}

NTSTATUS processes(PVOID into, ULONG length, ULONG* return_length)
{
    ProcessRecord* last = nullptr;
    manager().for_each_process([&](ProcessRecord& process) {
        if (!process.exited)
            last = &process;
    });
    Writer out(into, length);
    manager().for_each_process([&](ProcessRecord& process) {
        if (!process.exited)
            put_process(out, process, &process == last);
    });
    return out.finish(return_length);
}

NTSTATUS modules(PVOID into, ULONG length, ULONG* return_length)
{
    Writer out(into, length);
    ULONG count = 1;
    for (auto const& image : ke::kernel().images().ranges())
        count += !image.unloaded;
    out.put(ULONGLONG { count });
    USHORT index = 0;
    auto const put = [&](uintptr_t base, size_t size, char const* folder, std::string_view name) {
        RTL_PROCESS_MODULE_INFORMATION module {};
        module.ImageBase = reinterpret_cast<PVOID>(base);
        module.ImageSize = static_cast<ULONG>(size);
        module.LoadOrderIndex = module.InitOrderIndex = index++;
        module.LoadCount = 1;
        module.OffsetToFileName = static_cast<USHORT>(std::strlen(folder));
        auto* path = reinterpret_cast<char*>(module.FullPathName);
        std::strcpy(path, folder);
        name.copy(path + module.OffsetToFileName, sizeof module.FullPathName - module.OffsetToFileName - 1);
        out.put(module);
    };
    put(hal::kStubs, hal::kStubsBytes, "\\SystemRoot\\system32\\", "ntoskrnl.exe");
    for (auto const& image : ke::kernel().images().ranges())
        if (!image.unloaded)
            put(image.base, image.size, "\\SystemRoot\\System32\\drivers\\", image.name);
    return out.finish(return_length);
}

// Visits open handles with the id of their process.
template <typename Visit>
void for_each_handle(Visit visit)
{
    for (auto const& [key, table] : ob::manager().tables()) {
        uint64_t id = ob::kSystemProcessId;
        manager().for_each_process([&, number = key](ProcessRecord const& process) {
            if (number && process.process.number == number)
                id = process.process.id;
        });
        for (size_t i = 0; i < table.entries.size(); ++i)
            if (table.entries[i].object)
                visit(id, 4 * (i + 1) | (key ? 0 : ob::kKernelHandleBit), table.entries[i]);
    }
}

ULONG attributes_of(ob::HandleEntry const& entry)
{
    return (entry.inherit ? OBJ_INHERIT : 0) | (entry.protect ? ob::kProtectClose : 0);
}

NTSTATUS handles(PVOID into, ULONG length, ULONG* return_length)
{
    Writer out(into, length);
    out.put(ULONGLONG { ob::open_handles() });
    for_each_handle([&](uint64_t id, uint64_t value, ob::HandleEntry const& entry) {
        SYSTEM_HANDLE_TABLE_ENTRY_INFO about {};
        about.UniqueProcessId = static_cast<USHORT>(id);
        about.ObjectTypeIndex = ob::type_index(*entry.object->type);
        about.HandleAttributes = static_cast<UCHAR>(attributes_of(entry));
        about.HandleValue = static_cast<USHORT>(value);
        about.Object = entry.object->body;
        about.GrantedAccess = entry.granted;
        out.put(about);
    });
    return out.finish(return_length);
}

NTSTATUS handles_ex(PVOID into, ULONG length, ULONG* return_length)
{
    Writer out(into, length);
    out.put(ULONGLONG { ob::open_handles() });
    out.put(ULONGLONG { 0 });
    for_each_handle([&](uint64_t id, uint64_t value, ob::HandleEntry const& entry) {
        SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX about {};
        about.Object = entry.object->body;
        about.UniqueProcessId = id;
        about.HandleValue = value;
        about.GrantedAccess = entry.granted;
        about.ObjectTypeIndex = ob::type_index(*entry.object->type);
        about.HandleAttributes = attributes_of(entry);
        out.put(about);
    });
    return out.finish(return_length);
}

NTSTATUS code_integrity(PVOID into, ULONG length, ULONG* return_length)
{
    constexpr ULONG kEnabled = 1, kTestSign = 2; // drivers load whoever signed them, as in test mode
    if (length == sizeof(SYSTEM_CODEINTEGRITY_INFORMATION)
        && ob::get(static_cast<SYSTEM_CODEINTEGRITY_INFORMATION*>(into)).Length != length)
        return STATUS_INFO_LENGTH_MISMATCH;
    return answer(SYSTEM_CODEINTEGRITY_INFORMATION { sizeof(SYSTEM_CODEINTEGRITY_INFORMATION), kEnabled | kTestSign },
                  into, length, return_length);
}

NTSTATUS query(SYSTEM_INFORMATION_CLASS what, PVOID into, ULONG length, ULONG* return_length, KPROCESSOR_MODE mode)
{
    if (NTSTATUS status = ob::probe(mode, into, length, sizeof(ULONG)); status)
        return status;
    if (NTSTATUS status = ob::probe(mode, return_length, sizeof(ULONG), sizeof(ULONG)); status)
        return status;
    switch (what) {
    case SystemBasicInformation:
        return basic(into, length, return_length);
    case SystemProcessorInformation:
        return processor(into, length, return_length);
    case SystemTimeOfDayInformation:
        return time_of_day(into, length, return_length);
    case SystemProcessInformation:
        return processes(into, length, return_length);
    case SystemModuleInformation:
        return modules(into, length, return_length);
    case SystemHandleInformation:
        return handles(into, length, return_length);
    case SystemExtendedHandleInformation:
        return handles_ex(into, length, return_length);
    case SystemKernelDebuggerInformation:
        return answer(SYSTEM_KERNEL_DEBUGGER_INFORMATION { ke::debugger_enabled(), !ke::debugger_attached() }, into,
                      length, return_length);
    case SystemCodeIntegrityInformation:
        return code_integrity(into, length, return_length);
    default:
        return what < 0 || what >= kSystemClassesEnd ? STATUS_INVALID_INFO_CLASS : STATUS_NOT_IMPLEMENTED;
    }
}

} // namespace

NTSTATUS ZwQuerySystemInformation(SYSTEM_INFORMATION_CLASS what, PVOID into, ULONG length, ULONG* return_length)
{
    return query(what, into, length, return_length, KernelMode);
}

NTSTATUS NtQuerySystemInformation(SYSTEM_INFORMATION_CLASS what, PVOID into, ULONG length, ULONG* return_length)
{
    KPROCESSOR_MODE const mode = ob::previous_mode();
    return ob::as_service(mode, [&] { return query(what, into, length, return_length, mode); });
}

} // namespace ringside::ps
