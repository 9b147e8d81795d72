/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_BACKUP_H
#define MM_STORE_BACKUP_H

#define MM_BACKUPS 2

/* What their names have behind that of the database, the newest first. */
extern const char *const mm_backup_suffix[MM_BACKUPS];

#endif
