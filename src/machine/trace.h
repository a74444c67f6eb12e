// SPDX-License-Identifier: MIT
// What a picture of a run is made of (docs/trace.md): the event log's records as they are made, each with what the log
// has no room for: where in which driver the call stood, the device, the location, the control code. Nothing is kept
// here; whoever listens does. Listening changes neither the run nor the log's hash.
//
// Everything an event names is told before it: the image of a place, the thread, the device and the one below it.
// Places are offsets in files, so that two runs of one seed tell the same.
#pragma once

#include "sim/log.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::machine {

struct TracePlace {
    uint32_t image = 0; // 0: in no driver
    uint64_t rva = 0;
};

struct TraceImage {
    uint32_t number; // from 1, in the order in which they are met
    std::string name;
    std::string path;
};

struct TraceThread {
    uint32_t number;
    uint32_t process;
    std::string process_name;
    bool client; // of a client's process
    bool idle;   // a processor's own
};

struct TraceDevice {
    uint32_t number;
    std::string name; // empty: nameless
    std::string driver;
    uint32_t type;
    uint32_t below; // 0: attached to none
};

struct TraceEvent {
    uint64_t number; // from 0
    sim::Record record;
    std::string words;
    TracePlace call;         // the driver's call into the kernel that led here: a return address
    TracePlace function;     // the driver's routine that is entered or left
    uint32_t device = 0;     // whose location it is (dispatch, completion, IrpCompleted); 0: the maker's
    int location = 0;        // CurrentLocation there; 0: none
    bool pending = false;    // SL_PENDING_RETURNED stands there; at a completion routine: Irp->PendingReturned
    uint64_t information = 0; // IoStatus.Information, for IrpCompleted and completion
    int32_t status = 0;      // IoStatus.Status, for the same
    uint32_t code = 0;       // the control code, for a dispatch routine of (internal) device control
    std::vector<TraceDevice> devices; // that are new or stand differently since the last event
};

class TraceListener {
public:
    virtual ~TraceListener() = default;
    virtual void image(TraceImage const& image) = 0;
    virtual void thread(TraceThread const& thread) = 0;
    virtual void event(TraceEvent const& event) = 0;
};

// Listens as long as it lives, to the machine that is made meanwhile; from its boot on.
class Trace {
public:
    explicit Trace(TraceListener& listener);
    ~Trace();
    Trace(Trace const&) = delete;
    Trace& operator=(Trace const&) = delete;
};

} // namespace ringside::machine
