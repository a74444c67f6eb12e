// SPDX-License-Identifier: MIT
// Lets ZwLoadKey and its kin reach files (cm/hive_files.h).
#pragma once

namespace ringside::machine {

void connect_hive_files();
void disconnect_hive_files();

} // namespace ringside::machine
