/* SPDX-License-Identifier: MIT */
/* The chips and wires of gpio_shim.c: what their files say, and the kernel's two interfaces to them. */
#include "gpio_shim_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/gpio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gpio_shim.h"

#define FD_MAX 256
#define LINES_MAX GPIO_SHIM_LINES

/* What a descriptor of ours is. */
struct handle {
	enum { HANDLE_NONE, HANDLE_CHIP, HANDLE_LINES } kind;
	unsigned chip; /* N of gpiochipN */
	unsigned count;
	unsigned offset[LINES_MAX];
	bool active_low;
	char consumer[GPIO_MAX_NAME_SIZE];
};

/* A chip as its file describes it. */
struct chip {
	char label[GPIO_MAX_NAME_SIZE];
	unsigned lines;
	char name[LINES_MAX][GPIO_MAX_NAME_SIZE];
	char consumer[LINES_MAX][GPIO_MAX_NAME_SIZE];
};

static struct handle handles[FD_MAX];
static struct gpio_shim_wires *wires;
static unsigned sets; /* how often a line was driven */

/* ---- The directory ---- */

const char *gpio_shim_directory(void)
{
	return getenv("MM_GPIO_SHIM");
}

static FILE *open_file(const char *name, const char *mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", gpio_shim_directory(), name);
	return fopen(path, mode);
}

int gpio_shim_failure(const char *name)
{
	FILE *file = open_file(name, "r");
	int number = 0;

	if (file == NULL) {
		return 0;
	}
	if (fscanf(file, "%d", &number) == 1) {
		errno = number;
	}
	fclose(file);
	return number == 0 ? 0 : -1;
}

__attribute__((format(printf, 3, 4))) static void record(unsigned chip, unsigned offset, const char *format, ...)
{
	FILE *file = open_file("log", "a");
	va_list arguments;

	if (file == NULL) {
		abort();
	}
	fprintf(file, "gpiochip%u %u ", chip, offset);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fprintf(file, "\n");
	fclose(file);
}

/* ---- Wires ---- */

static struct gpio_shim_wire *wire_of(unsigned chip, unsigned offset)
{
	static char mapped[PATH_MAX];
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/wires", gpio_shim_directory());
	if (wires != NULL && strcmp(path, mapped) != 0) { /* another test's */
		munmap(wires, sizeof(*wires));
		wires = NULL;
	}
	if (wires == NULL) {
		strcpy(mapped, path);
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, sizeof(*wires)) < 0) {
			abort();
		}
		wires = mmap(NULL, sizeof(*wires), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (wires == MAP_FAILED) {
			abort();
		}
		close(fd);
	}
	return &wires->wire[chip][offset];
}

static void drive(struct gpio_shim_wire *wire, bool high)
{
	bool active_before = (wire->high != 0) != (wire->active_low != 0), active = high != (wire->active_low != 0);

	wire->pulses += active && !active_before;
	wire->high = high;
}

static void release(unsigned chip, unsigned offset)
{
	struct gpio_shim_wire *wire = wire_of(chip, offset);

	if (wire->output != 0 && gpio_shim_failure("revert") < 0) {
		drive(wire, wire->active_low != 0);
		wire->output = 0;
	}
}

/* Kills the process where the test asked for it. */
static void maybe_kill(const char *when)
{
	FILE *file = open_file("kill-set", "r");
	unsigned number;
	char word[16];

	if (file != NULL && fscanf(file, "%u %15s", &number, word) == 2 && number == sets && strcmp(word, when) == 0) {
		kill(getpid(), SIGKILL);
	}
	if (file != NULL) {
		fclose(file);
	}
}

static void copy_name(char ret[static GPIO_MAX_NAME_SIZE], const char *name)
{
	size_t length = strnlen(name, GPIO_MAX_NAME_SIZE - 1);

	memcpy(ret, name, length);
	ret[length] = '\0';
}

/* The consumers are those of the file and those of our own requests. */
static struct chip read_chip(unsigned number)
{
	struct chip chip = {0};
	char name[32];
	char line[128];

	snprintf(name, sizeof(name), "gpiochip%u", number);
	FILE *file = open_file(name, "r");
	if (file == NULL || fgets(line, sizeof(line), file) == NULL) {
		abort();
	}
	line[strcspn(line, "\n")] = '\0';
	copy_name(chip.label, line);
	for (; chip.lines < LINES_MAX && fgets(line, sizeof(line), file) != NULL; chip.lines++) {
		line[strcspn(line, "\n")] = '\0';
		char *tab = strchr(line, '\t');
		if (tab != NULL) {
			*tab = '\0';
			copy_name(chip.consumer[chip.lines], tab + 1);
		}
		copy_name(chip.name[chip.lines], line);
	}
	fclose(file);
	for (unsigned fd = 0; fd < FD_MAX; fd++) {
		for (unsigned i = 0; handles[fd].kind == HANDLE_LINES && handles[fd].chip == number && i < handles[fd].count;
		     i++) {
			copy_name(chip.consumer[handles[fd].offset[i]], handles[fd].consumer);
		}
	}
	return chip;
}

int gpio_shim_text(const char *text)
{
	int fd = memfd_create("gpio_shim", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		abort();
	}
	return fd;
}

static int new_handle(int kind, unsigned chip)
{
	int fd = gpio_shim_text("");

	if (fd >= FD_MAX) {
		abort();
	}
	handles[fd] = (struct handle){.kind = kind, .chip = chip};
	return fd;
}

int gpio_shim_open(unsigned chip)
{
	return new_handle(HANDLE_CHIP, chip);
}

void gpio_shim_release(int fd)
{
	if (fd < 0 || fd >= FD_MAX) {
		return;
	}
	for (unsigned i = 0; i < handles[fd].count; i++) {
		release(handles[fd].chip, handles[fd].offset[i]);
		record(handles[fd].chip, handles[fd].offset[i], "release");
	}
	handles[fd] = (struct handle){.kind = HANDLE_NONE};
}

/* ---- The kernel's two interfaces ---- */

static int get_chip_info(unsigned number, struct gpiochip_info *ret)
{
	struct chip chip = read_chip(number);

	*ret = (struct gpiochip_info){.lines = chip.lines};
	snprintf(ret->name, sizeof(ret->name), "gpiochip%u", number);
	copy_name(ret->label, chip.label);
	return 0;
}

static int get_line_info(unsigned number, unsigned offset, char *name, char *consumer, bool *used, bool *output)
{
	struct chip chip = read_chip(number);

	if (offset >= chip.lines) {
		errno = EINVAL;
		return -1;
	}
	copy_name(name, chip.name[offset]);
	copy_name(consumer, chip.consumer[offset]);
	*used = chip.consumer[offset][0] != '\0';
	*output = wire_of(number, offset)->output != 0;
	return 0;
}

static bool logical(const struct handle *handle, const struct gpio_shim_wire *wire)
{
	return (wire->high != 0) != handle->active_low;
}

/* Makes the lines what the flags (of the second interface) say. An open drain that is high is not driven, nor an open source low.
 */
static void configure_lines(struct handle *handle, const char *act, __u64 flags, __u64 values)
{
	static const struct {
		__u64 flag;
		const char *name;
	} names[] = {
		{GPIO_V2_LINE_FLAG_ACTIVE_LOW, ",active-low"},
		{GPIO_V2_LINE_FLAG_OPEN_DRAIN, ",open-drain"},
		{GPIO_V2_LINE_FLAG_OPEN_SOURCE, ",open-source"},
	};
	bool output = (flags & GPIO_V2_LINE_FLAG_OUTPUT) != 0;
	char text[64];

	handle->active_low = (flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0;
	strcpy(text, output ? "output" : (flags & GPIO_V2_LINE_FLAG_INPUT) != 0 ? "input" : "as-is");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strcat(text, (flags & names[i].flag) != 0 ? names[i].name : "");
	}
	for (unsigned i = 0; i < handle->count; i++) {
		struct gpio_shim_wire *wire = wire_of(handle->chip, handle->offset[i]);

		if (output) {
			wire->active_low = handle->active_low;
			wire->output = 1;
			drive(wire, ((values >> i & 1) != 0) != handle->active_low);
		} else if ((flags & GPIO_V2_LINE_FLAG_INPUT) != 0) {
			wire->output = 0;
		}
		record(handle->chip, handle->offset[i], "%s %s %d", act, text, logical(handle, wire));
	}
}

/* A descriptor that becomes readable with the edges of a line. */
static int edges_fd(unsigned chip, unsigned offset, int interface)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/gpiochip%u.%u.v%d", gpio_shim_directory(), chip, offset, interface);
	unlink(path);
	int fd = mkfifo(path, 0600) < 0 ? -1 : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fd >= FD_MAX) {
		abort();
	}
	handles[fd] = (struct handle){.kind = HANDLE_LINES, .chip = chip};
	return fd;
}

/* Returns the new descriptor. flags are those of the second interface; watched: by which interface edges are wanted, 0: none. */
static int request_lines(unsigned number, const __u32 *offsets, unsigned count, const char *consumer, __u64 flags, __u64 values,
			 int watched)
{
	struct chip chip = read_chip(number);

	if (gpio_shim_failure("fail-request") < 0) {
		return -1;
	}
	for (unsigned i = 0; i < count; i++) {
		if (offsets[i] >= chip.lines || chip.consumer[offsets[i]][0] != '\0') {
			errno = offsets[i] >= chip.lines ? EINVAL : EBUSY;
			return -1;
		}
	}
	int fd = watched ? edges_fd(number, offsets[0], watched) : new_handle(HANDLE_LINES, number);
	copy_name(handles[fd].consumer, consumer);
	memcpy(handles[fd].offset, offsets, count * sizeof(offsets[0]));
	handles[fd].count = count;
	configure_lines(&handles[fd], "request", flags, values);
	return fd;
}

static int set_lines(const struct handle *handle, __u64 mask, __u64 values)
{
	if (gpio_shim_failure("fail-set") < 0) {
		return -1;
	}
	for (unsigned i = 0; i < handle->count; i++) {
		if ((mask >> i & 1) != 0) {
			sets++;
			maybe_kill("before");
			drive(wire_of(handle->chip, handle->offset[i]), ((values >> i & 1) != 0) != handle->active_low);
			maybe_kill("after");
			record(handle->chip, handle->offset[i], "set %d", (int)(values >> i & 1));
		}
	}
	return 0;
}

static __u64 get_lines(const struct handle *handle)
{
	__u64 values = 0;

	for (unsigned i = 0; i < handle->count; i++) {
		values |= (__u64)logical(handle, wire_of(handle->chip, handle->offset[i])) << i;
	}
	return values;
}

static __u64 bits(const __u8 *values, unsigned count)
{
	__u64 result = 0;

	for (unsigned i = 0; i < count; i++) {
		result |= (__u64)(values[i] != 0) << i;
	}
	return result;
}

static int v1_line_info(unsigned chip, struct gpioline_info *info)
{
	bool used, output;

	info->flags = 0;
	if (get_line_info(chip, info->line_offset, info->name, info->consumer, &used, &output) < 0) {
		return -1;
	}
	info->flags = (used ? GPIOLINE_FLAG_KERNEL : 0u) | (output ? GPIOLINE_FLAG_IS_OUT : 0u);
	return 0;
}

/* Flags of the first interface as those of the second. */
static __u64 v1_flags(__u32 flags)
{
	return ((flags & GPIOHANDLE_REQUEST_OUTPUT) != 0 ? GPIO_V2_LINE_FLAG_OUTPUT : 0) |
	       ((flags & GPIOHANDLE_REQUEST_INPUT) != 0 ? GPIO_V2_LINE_FLAG_INPUT : 0) |
	       ((flags & GPIOHANDLE_REQUEST_ACTIVE_LOW) != 0 ? GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0) |
	       ((flags & GPIOHANDLE_REQUEST_OPEN_DRAIN) != 0 ? GPIO_V2_LINE_FLAG_OPEN_DRAIN : 0) |
	       ((flags & GPIOHANDLE_REQUEST_OPEN_SOURCE) != 0 ? GPIO_V2_LINE_FLAG_OPEN_SOURCE : 0);
}

static int v1_request(unsigned chip, struct gpiohandle_request *request)
{
	/* Like the kernel: a drive is for outputs only. */
	if ((request->flags & GPIOHANDLE_REQUEST_OUTPUT) == 0 &&
	    (request->flags & (GPIOHANDLE_REQUEST_OPEN_DRAIN | GPIOHANDLE_REQUEST_OPEN_SOURCE)) != 0) {
		errno = EINVAL;
		return -1;
	}
	request->fd = request_lines(chip, request->lineoffsets, request->lines, request->consumer_label, v1_flags(request->flags),
				    bits(request->default_values, request->lines), 0);
	return request->fd < 0 ? -1 : 0;
}

static int v1_watch(unsigned chip, struct gpioevent_request *request)
{
	request->fd = request_lines(chip, &request->lineoffset, 1, request->consumer_label,
				    v1_flags(request->handleflags | GPIOHANDLE_REQUEST_INPUT), 0, 1);
	return request->fd < 0 ? -1 : 0;
}

static int v1_get_values(const struct handle *handle, struct gpiohandle_data *data)
{
	__u64 values = get_lines(handle);

	for (unsigned i = 0; i < handle->count; i++) {
		data->values[i] = values >> i & 1;
	}
	return 0;
}

static int v1_set_config(struct handle *handle, const struct gpiohandle_config *config)
{
	configure_lines(handle, "config", v1_flags(config->flags), bits(config->default_values, handle->count));
	return 0;
}

static int v2_line_info(unsigned chip, struct gpio_v2_line_info *info)
{
	bool used, output;

	info->flags = 0;
	if (get_line_info(chip, info->offset, info->name, info->consumer, &used, &output) < 0) {
		return -1;
	}
	info->flags = (output ? GPIO_V2_LINE_FLAG_OUTPUT : GPIO_V2_LINE_FLAG_INPUT) | (used ? GPIO_V2_LINE_FLAG_USED : 0);
	return 0;
}

static __u64 v2_values(const struct gpio_v2_line_config *config)
{
	__u64 values = 0;

	for (unsigned i = 0; i < config->num_attrs; i++) {
		const struct gpio_v2_line_config_attribute *attribute = &config->attrs[i];
		if (attribute->attr.id != GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES) {
			abort(); /* flags that differ within one request: nobody asks for that */
		}
		values = attribute->attr.values & attribute->mask;
	}
	return values;
}

static int v2_request(unsigned chip, struct gpio_v2_line_request *request)
{
	request->fd =
		request_lines(chip, request->offsets, request->num_lines, request->consumer, request->config.flags,
			      v2_values(&request->config), (request->config.flags & GPIO_V2_LINE_FLAG_EDGE_RISING) != 0 ? 2 : 0);
	return request->fd < 0 ? -1 : 0;
}

static int v2_set_config(struct handle *handle, const struct gpio_v2_line_config *config)
{
	configure_lines(handle, "config", config->flags, v2_values(config));
	return 0;
}

static int answer(struct handle *handle, unsigned request, void *argument)
{
	switch (request) { /* like the kernel: libgpiod 2 passes some with the sign extended */
	case GPIO_GET_CHIPINFO_IOCTL:
		return get_chip_info(handle->chip, argument);
	case GPIO_GET_LINEINFO_IOCTL:
		return v1_line_info(handle->chip, argument);
	case GPIO_GET_LINEHANDLE_IOCTL:
		return v1_request(handle->chip, argument);
	case GPIO_GET_LINEEVENT_IOCTL:
		return v1_watch(handle->chip, argument);
	case GPIOHANDLE_SET_LINE_VALUES_IOCTL:
		return set_lines(handle, ~UINT64_C(0), bits(((struct gpiohandle_data *)argument)->values, handle->count));
	case GPIOHANDLE_GET_LINE_VALUES_IOCTL:
		return v1_get_values(handle, argument);
	case GPIOHANDLE_SET_CONFIG_IOCTL:
		return v1_set_config(handle, argument);
	case GPIO_V2_GET_LINEINFO_IOCTL:
		return v2_line_info(handle->chip, argument);
	case GPIO_V2_GET_LINE_IOCTL:
		return v2_request(handle->chip, argument);
	case GPIO_V2_LINE_SET_VALUES_IOCTL: {
		const struct gpio_v2_line_values *values = argument;
		return set_lines(handle, values->mask, values->bits);
	}
	case GPIO_V2_LINE_GET_VALUES_IOCTL: {
		struct gpio_v2_line_values *values = argument;
		values->bits = get_lines(handle) & values->mask;
		return 0;
	}
	case GPIO_V2_LINE_SET_CONFIG_IOCTL:
		return v2_set_config(handle, argument);
	default:
		errno = ENOTTY;
		return -1;
	}
}

bool gpio_shim_ioctl(int fd, unsigned request, void *argument, int *ret)
{
	struct handle *handle = fd >= 0 && fd < FD_MAX ? &handles[fd] : NULL;

	if (handle == NULL || handle->kind == HANDLE_NONE) {
		return false;
	}
	*ret = answer(handle, request, argument);
	return true;
}
