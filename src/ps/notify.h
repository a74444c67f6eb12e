// SPDX-License-Identifier: MIT
// Notify routines: what drivers register to hear of processes, threads and images. A routine that is being called stays
// in its list until it returned; its removal waits for that.
#pragma once

#include "nt/nt.h"

#include <cstdint>
#include <list>
#include <string_view>

namespace ringside::ke {
struct Process;
struct Thread;
}

namespace ringside::ps {

struct NotifyRoutine {
    void* function = nullptr; // null: removed
    bool extended = false;    // processes: takes the ...Ex form's arguments; threads: of clients only, on themselves
    uint32_t busy = 0;
    bool leaving = false;
};

// What image notification has to tell of.
inline constexpr char const* kImages = "drivers and each client's main image, which is its headers alone; clients load no "
                                       "DLLs, and no file object stands behind an image (IMAGE_INFO_EX)";

class NotifyList {
public:
    void set_limit(size_t limit) { m_limit = limit; }
    void set_event(nt::KEVENT* event) { m_idle = event; }
    nt::KEVENT* event() const { return m_idle; }
    bool empty() const { return count() == 0; }
    size_t count() const;
    bool is_full() const { return count() >= m_limit; }
    bool contains(void* function, bool extended) const;
    void add(void* function, bool extended) { m_routines.push_back({ function, extended }); }
    // False when it is not there. Waits until the routine does not run.
    bool remove(void* function, bool extended);

    // Calls `call(routine)` for each, in order of registration, inside a critical region.
    template <typename Call>
    void for_each(Call call);

private:
    class Walk;
    class Busy;
    void purge();

    std::list<NotifyRoutine> m_routines;
    size_t m_limit = 64;
    size_t m_walks = 0;
    nt::KEVENT* m_idle = nullptr; // set whenever a routine that is leaving has returned
};

// A driver image (process_id 0) or a client's was mapped; on a thread of the machine at PASSIVE_LEVEL.
void notify_image_load(std::u16string_view full_name, uint64_t process_id, void* base, size_t size, bool system_mode);

// A process was made (its first thread is there) or ends. The status that a routine wrote to refuse it, or success.
nt::NTSTATUS notify_process(ke::Process& process, bool create);
// A thread was made (told on its maker's thread), begins (on its own: what non-system routines hear), or ends.
enum class ThreadMoment : uint8_t { Made, Begins, Ends };
void notify_thread(ke::Thread& thread, ThreadMoment moment);

} // namespace ringside::ps
