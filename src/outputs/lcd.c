/* SPDX-License-Identifier: MIT */

/*
 * The display. Linux' charlcd devices know no O_NONBLOCK: a write takes as long as the I2C bus takes, for ever where it hangs,
 * and may be deaf to signals. So a thread writes, and where it does not come back in time when the display is freed, it is
 * abandoned behind and cleans up after itself whenever the device lets go of it.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/now.h"
#include "base/thread.h"
#include "core/units.h"
#include "outputs/outputs.h"

#define LCD_COLUMNS 20
/* How long mm_lcd_free waits for a write in progress: a 20 x 2 display on a 100 kHz bus takes about 50 ms. */
#define LCD_FREE_WAIT_MS 300

struct text {
	char line[2][LCD_COLUMNS + 1];
};

struct mm_lcd {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC */
	struct text text;	/* the newest */
	bool pending;		/* it has not been taken yet */
	bool stop;
	bool done;	/* the thread uses this struct no more */
	bool abandoned; /* nobody else uses it: the thread frees it */
	int error;
	pthread_t thread;

	/* The thread's own. */
	int fd; /* of the device, kept open; -1: none */
	char path[];
};

/* ---- What the thread does ---- */

static int write_text(int fd, const char *text)
{
	ssize_t written = write(fd, text, strlen(text));

	return written < 0 ? -errno : (size_t)written < strlen(text) ? -EIO : 0;
}

/* The file is readable for all, whatever the umask, and means nothing after a power cut. */
static int replace_file(const char *path, const char *text)
{
	struct mm_draft *draft;
	int error = mm_draft_new(path, 0644, &draft);

	if (error < 0) {
		return error;
	}
	error = fchmod(mm_draft_fd(draft), 0644) < 0 ? -errno : mm_file_write(mm_draft_fd(draft), text, strlen(text));
	if (error == 0) {
		error = mm_draft_publish(draft, MM_FILE_UNSYNCED);
	}
	mm_draft_free(draft);
	return error;
}

/* A path below /dev is never made into a file: the device's driver may come later. */
static bool is_device(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? !S_ISREG(status.st_mode) : strncmp(path, "/dev/", 5) == 0;
}

static int put_out(struct mm_lcd *lcd, const struct text *text)
{
	char buffer[sizeof(*text) + 4];

	if (lcd->fd < 0 && !is_device(lcd->path)) {
		snprintf(buffer, sizeof(buffer), "%s\n%s\n", text->line[0], text->line[1]);
		return replace_file(lcd->path, buffer);
	}
	if (lcd->fd < 0) {
		lcd->fd = open(lcd->path, O_WRONLY | O_NOCTTY | O_CLOEXEC); /* charlcd refuses to be opened for reading */
	}
	if (lcd->fd < 0) {
		return -errno;
	}
	/* "\f" clears; "\n" blanks the rest of its line and goes to the next (drivers/auxdisplay/charlcd.c). */
	snprintf(buffer, sizeof(buffer), "\f%s\n%s", text->line[0], text->line[1]);
	int error = write_text(lcd->fd, buffer);
	if (error < 0) {
		close(lcd->fd);
		lcd->fd = -1;
	}
	return error;
}

static void destroy(struct mm_lcd *lcd)
{
	if (lcd->fd >= 0) {
		close(lcd->fd);
	}
	pthread_cond_destroy(&lcd->changed);
	pthread_mutex_destroy(&lcd->lock);
	free(lcd);
}

static void *run(void *argument)
{
	struct mm_lcd *lcd = argument;

	pthread_mutex_lock(&lcd->lock);
	while (!lcd->stop) {
		if (!lcd->pending) {
			pthread_cond_wait(&lcd->changed, &lcd->lock);
			continue;
		}
		struct text text = lcd->text;
		lcd->pending = false;
		pthread_mutex_unlock(&lcd->lock);
		int error = put_out(lcd, &text);
		pthread_mutex_lock(&lcd->lock);
		lcd->error = error;
	}
	lcd->done = true;
	bool abandoned = lcd->abandoned;
	pthread_cond_broadcast(&lcd->changed);
	pthread_mutex_unlock(&lcd->lock);
	if (abandoned) {
		destroy(lcd);
	}
	return NULL;
}

/* ---- What the others see ---- */

int mm_lcd_new(const char *path, struct mm_lcd **ret)
{
	pthread_condattr_t attributes;
	struct mm_lcd *lcd = calloc(1, sizeof(*lcd) + strlen(path) + 1);

	if (lcd == NULL) {
		return -ENOMEM;
	}
	lcd->fd = -1;
	lcd->text.line[0][0] = '\n'; /* unlike any text that can be asked for */
	memcpy(lcd->path, path, strlen(path) + 1);
	pthread_mutex_init(&lcd->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&lcd->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	int error = mm_thread_start(&lcd->thread, "lcd", run, lcd);
	if (error < 0) {
		destroy(lcd);
		return error;
	}
	*ret = lcd;
	return 0;
}

void mm_lcd_free(struct mm_lcd *lcd)
{
	if (lcd == NULL) {
		return;
	}
	pthread_t thread = lcd->thread;
	const struct timespec until = mm_timespec(mm_now(CLOCK_MONOTONIC) + LCD_FREE_WAIT_MS * MM_NS_PER_MS);

	pthread_mutex_lock(&lcd->lock);
	lcd->stop = true;
	pthread_cond_broadcast(&lcd->changed);
	while (!lcd->done && pthread_cond_timedwait(&lcd->changed, &lcd->lock, &until) == 0) {
	}
	lcd->abandoned = !lcd->done;
	bool done = lcd->done;
	pthread_mutex_unlock(&lcd->lock);
	if (done) {
		pthread_join(thread, NULL);
		destroy(lcd);
	} else {
		pthread_detach(thread);
	}
}

/* Other bytes would be commands to the display. */
static void copy_printable(char ret[static LCD_COLUMNS + 1], const char *line)
{
	unsigned length = 0;

	for (; length < LCD_COLUMNS && line[length] != '\0'; length++) {
		ret[length] = line[length] >= ' ' && line[length] <= '~' ? line[length] : '?';
	}
	ret[length] = '\0';
}

void mm_lcd_show(struct mm_lcd *lcd, const char *line1, const char *line2)
{
	struct text text;

	copy_printable(text.line[0], line1);
	copy_printable(text.line[1], line2);
	pthread_mutex_lock(&lcd->lock);
	/* Writing a text again would only make the display flicker. */
	if (lcd->error < 0 || strcmp(text.line[0], lcd->text.line[0]) != 0 || strcmp(text.line[1], lcd->text.line[1]) != 0) {
		lcd->text = text;
		lcd->pending = true;
		pthread_cond_broadcast(&lcd->changed);
	}
	pthread_mutex_unlock(&lcd->lock);
}

int mm_lcd_error(struct mm_lcd *lcd)
{
	pthread_mutex_lock(&lcd->lock);
	int error = lcd->error;
	pthread_mutex_unlock(&lcd->lock);
	return error;
}
