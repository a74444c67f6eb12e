// SPDX-License-Identifier: MIT
// Tells a machine's trace in records (run_machine.h), each at once: trace-image, trace-thread, trace-event.
#pragma once

#include "run_machine.h"

#include "machine/trace.h"

namespace ringside::cli {

class TraceTeller : public machine::TraceListener {
public:
    explicit TraceTeller(Sink const& sink)
        : m_sink(sink)
        , m_trace(*this)
    {
    }

    void image(machine::TraceImage const& image) override
    {
        m_sink(
            { { "kind", "trace-image" }, { "number", image.number }, { "name", image.name }, { "path", image.path } });
    }

    void thread(machine::TraceThread const& thread) override
    {
        m_sink({ { "kind", "trace-thread" },
                 { "number", thread.number },
                 { "process", thread.process_name },
                 { "client", thread.client },
                 { "idle", thread.idle } });
    }

    void event(machine::TraceEvent const& event) override
    {
        sim::Record const& r = event.record;
        for (machine::TraceDevice const& device : event.devices)
            m_sink({ { "kind", "trace-device" },
                     { "number", device.number },
                     { "name", device.name },
                     { "driver", device.driver },
                     { "type", device.type },
                     { "below", device.below } });
        // By place, as TraceCollector::add_step() reads them: there are many.
        m_sink({ { "kind", "trace-event" },
                 { "e",
                   { event.number, r.time_100ns, static_cast<uint16_t>(r.what), r.processor, r.irql, r.who, r.subject,
                     r.detail, event.words, event.call.image, event.call.rva, event.function.image, event.function.rva,
                     event.device, event.location, event.pending, event.information, event.status, event.code } } });
    }

private:
    Sink const& m_sink;
    machine::Trace m_trace;
};

} // namespace ringside::cli
