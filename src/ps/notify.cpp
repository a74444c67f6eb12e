// SPDX-License-Identifier: MIT
#include "ps/notify.h"

#include "ex/pool.h"
#include "ke/dispatcher_objects.h"
#include "ke/kernel.h"
#include "ps/process.h"

#include <algorithm>
#include <cstring>

namespace ringside::ps {

using namespace nt;

namespace {

constexpr uint32_t kNameTag = 'mNsP'; // "PsNm"
constexpr ULONG kImageAddressingMode32Bit = 3;

class CriticalRegion {
public:
    CriticalRegion() { ke::KeEnterCriticalRegion(); }
    ~CriticalRegion() { ke::KeLeaveCriticalRegion(); }
};

// A name in kernel memory, for the length of a notification.
class KernelString {
public:
    explicit KernelString(std::u16string_view text)
    {
        size_t const bytes = text.size() * sizeof(char16_t);
        m_block = static_cast<char16_t*>(
            ex::allocate(NonPagedPoolNx, bytes + sizeof(char16_t), kNameTag, ex::Owner::Kernel, true));
        if (!m_block)
            return;
        std::memcpy(m_block, text.data(), bytes);
        m_string = { static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(char16_t)), m_block };
    }
    ~KernelString()
    {
        if (m_block)
            ex::free(m_block, kNameTag);
    }
    KernelString(KernelString const&) = delete;
    KernelString& operator=(KernelString const&) = delete;
    // Null when pool was empty: the documented answer to a name that cannot be had.
    UNICODE_STRING const& string() const { return m_string; }
    bool ok() const { return m_block; }

private:
    char16_t* m_block = nullptr;
    UNICODE_STRING m_string {};
};

HANDLE handle_of(uint64_t id) { return reinterpret_cast<HANDLE>(id); }

template <typename... P, typename... A>
void call(uint32_t subject, void(NTAPI* function)(P...), A... arguments)
{
    ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr, subject }, function, arguments...);
}

} // namespace

// Both hold when a routine raises an exception to its notifier, too.
class NotifyList::Walk {
public:
    explicit Walk(NotifyList& list) : m_list(list) { ++list.m_walks; }
    ~Walk()
    {
        --m_list.m_walks;
        m_list.purge();
    }

private:
    NotifyList& m_list;
};

class NotifyList::Busy {
public:
    Busy(NotifyList& list, NotifyRoutine& routine) : m_list(list), m_routine(routine) { ++routine.busy; }
    ~Busy()
    {
        if (--m_routine.busy == 0 && m_routine.leaving)
            ke::KeSetEvent(m_list.m_idle, IO_NO_INCREMENT, FALSE);
    }

private:
    NotifyList& m_list;
    NotifyRoutine& m_routine;
};

size_t NotifyList::count() const
{
    return static_cast<size_t>(
        std::ranges::count_if(m_routines, [](NotifyRoutine const& r) { return r.function && !r.leaving; }));
}

bool NotifyList::contains(void* function, bool extended) const
{
    return std::ranges::any_of(m_routines, [=](NotifyRoutine const& r) {
        return r.function == function && r.extended == extended && !r.leaving;
    });
}

bool NotifyList::remove(void* function, bool extended)
{
    for (NotifyRoutine& routine : m_routines) {
        if (!function || routine.function != function || routine.extended != extended || routine.leaving)
            continue;
        routine.leaving = true;
        while (routine.busy) {
            // Another leaving routine may be the one that woke us.
            ke::KeClearEvent(m_idle);
            ke::KeWaitForSingleObject(m_idle, Executive, KernelMode, FALSE, nullptr);
        }
        routine.function = nullptr;
        purge();
        return true;
    }
    return false;
}

void NotifyList::purge()
{
    if (!m_walks)
        m_routines.remove_if([](NotifyRoutine const& routine) { return !routine.function; });
}

template <typename Call>
void NotifyList::for_each(Call call)
{
    if (m_routines.empty())
        return;
    CriticalRegion region;
    Walk walk(*this);
    for (NotifyRoutine& routine : m_routines) {
        if (!routine.function || routine.leaving)
            continue;
        Busy busy(*this, routine);
        call(routine);
    }
}

// @cite(wdk-ddi): page=ntddk/nc-ntddk-pcreate_process_notify_routine
// @cite(wdk-ddi): page=ntddk/nc-ntddk-pcreate_process_notify_routine_ex
NTSTATUS notify_process(ke::Process& process, bool create)
{
    ProcessManager& m = manager();
    if (m.process_notify.empty())
        return STATUS_SUCCESS;
    ProcessRecord const& record = *m.record_of(process);
    KernelString const image(record.image_path);
    ke::Thread const& creator = ke::kernel().current();
    PS_CREATE_NOTIFY_INFO info {};
    info.Size = sizeof info;
    info.ParentProcessId = handle_of(record.parent_id);
    info.CreatingThreadId = { handle_of(creator.process->id), handle_of(creator.id) };
    info.ImageFileName = image.ok() ? &image.string() : nullptr;
    info.CreationStatus = STATUS_SUCCESS;
    m.process_notify.for_each([&](NotifyRoutine const& routine) {
        if (routine.extended)
            call(process.number, reinterpret_cast<PCREATE_PROCESS_NOTIFY_ROUTINE_EX>(routine.function),
                 reinterpret_cast<EPROCESS*>(process.guest), handle_of(process.id), create ? &info : nullptr);
        else
            call(process.number, reinterpret_cast<PCREATE_PROCESS_NOTIFY_ROUTINE>(routine.function),
                 handle_of(record.parent_id), handle_of(process.id), BOOLEAN { create });
    });
    return NT_SUCCESS(info.CreationStatus) ? STATUS_SUCCESS : info.CreationStatus;
}

// @cite(wdk-ddi): page=ntddk/nc-ntddk-pcreate_thread_notify_routine
void notify_thread(ke::Thread& thread, ThreadMoment moment)
{
    manager().thread_notify.for_each([&](NotifyRoutine const& routine) {
        bool const hears = moment == ThreadMoment::Ends ? !routine.extended || thread.client
                                                        : routine.extended == (moment == ThreadMoment::Begins);
        if (hears)
            call(thread.number, reinterpret_cast<PCREATE_THREAD_NOTIFY_ROUTINE>(routine.function),
                 handle_of(thread.process->id), handle_of(thread.id), BOOLEAN { moment != ThreadMoment::Ends });
    });
}

// @cite(wdk-ddi): page=ntddk/nc-ntddk-pload_image_notify_routine
void notify_image_load(std::u16string_view full_name, uint64_t process_id, void* base, size_t size, bool system_mode)
{
    ProcessManager& m = manager();
    if (m.image_notify.empty())
        return;
    KernelString const name(full_name);
    IMAGE_INFO info {};
    info.ImageAddressingMode = kImageAddressingMode32Bit; // what the member always says, on 64-bit Windows too
    info.SystemModeImage = system_mode;
    info.ImageBase = base;
    info.ImageSize = size;
    m.image_notify.for_each([&](NotifyRoutine const& routine) {
        call(0, reinterpret_cast<PLOAD_IMAGE_NOTIFY_ROUTINE>(routine.function),
             name.ok() ? const_cast<UNICODE_STRING*>(&name.string()) : nullptr, handle_of(process_id), &info);
    });
}

} // namespace ringside::ps
