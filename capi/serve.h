// SPDX-License-Identifier: MIT
// The machine's process: `ringside serve`, started by the C face's library and by nobody else.
//
//   descriptor 3  the socket over which calls come and replies go
//   descriptor 4  a pipe that the library's process holds open: its end ends this process at once, wherever it is
#pragma once

namespace ringside::capi {

inline constexpr int kCallsDescriptor = 3;
inline constexpr int kLifelineDescriptor = 4;

// Carries out calls until the other side closes the socket or the machine, or speaks nonsense. Returns the exit code.
int serve();

} // namespace ringside::capi
