// SPDX-License-Identifier: GPL-2.0-only
/* Coming and going. */
#include <linux/devm-helpers.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/irq.h>
#include <linux/math64.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/regulator/consumer.h>

#include "meter.h"
#include "registers.h"

/* VLEVEL where the nominal voltage is full scale. */
#define VLEVEL_UNIT 1144084
/* Of a divider of 1001, and in North America. */
#define DEFAULT_FULL_SCALE_MV 707814
#define DEFAULT_NOMINAL_MV    120000

/* Full scale over nominal voltage tells how the fundamental is computed. */
static u32 vlevel_of(struct device *dev)
{
	u32 full_scale_mv = DEFAULT_FULL_SCALE_MV;
	u32 nominal_mv = DEFAULT_NOMINAL_MV;

	device_property_read_u32(dev, "minimeter,full-scale-millivolt",
				 &full_scale_mv);
	device_property_read_u32(dev, "minimeter,nominal-millivolt",
				 &nominal_mv);
	if (!nominal_mv)
		nominal_mv = DEFAULT_NOMINAL_MV;
	return div_u64((u64)VLEVEL_UNIT * full_scale_mv, nominal_mv);
}

static int find_reference(struct meter *m)
{
	int ret = devm_regulator_get_enable_optional(&m->spi->dev, "vref");

	if (!ret)
		m->config1 = CONFIG1_EXT_REF;
	return ret == -ENODEV ? 0 : ret;
}

static void destroy_queue(void *queue)
{
	destroy_workqueue(queue);
}

static int make_queue(struct meter *m)
{
	m->queue = alloc_ordered_workqueue("%s", WQ_FREEZABLE | WQ_HIGHPRI,
					   dev_name(&m->spi->dev));
	if (!m->queue)
		return -ENOMEM;
	return devm_add_action_or_reset(&m->spi->dev, destroy_queue, m->queue);
}

static int request_interrupt(struct meter *m)
{
	unsigned long trigger;

	if (m->spi->irq <= 0)
		return 0;
	trigger = irq_get_trigger_type(m->spi->irq) ?: IRQF_TRIGGER_FALLING;
	return devm_request_threaded_irq(&m->spi->dev, m->spi->irq,
					 ade9000_interrupt,
					 ade9000_interrupt_thread,
					 IRQF_ONESHOT | trigger,
					 dev_name(&m->spi->dev), m);
}

static int probe(struct spi_device *spi)
{
	struct device *dev = &spi->dev;
	struct iio_dev *iio;
	struct meter *m;
	int ret;

	iio = devm_iio_device_alloc(dev, sizeof(*m));
	if (!iio)
		return -ENOMEM;
	m = iio_priv(iio);
	m->spi = spi;
	m->iio = iio;
	mutex_init(&m->lock);
	m->vlevel = vlevel_of(dev);
	ade9000_describe(iio);

	ret = find_reference(m);
	if (ret)
		return dev_err_probe(dev, ret, "external reference\n");
	ret = ade9000_start(m);
	if (ret)
		return dev_err_probe(dev, ret,
				     ret == -ENXIO
					     ? "no ADE9000 answers\n"
					     : "the chip cannot be set up\n");
	m->end_ns = ktime_get_boottime_ns();
	m->quiet_ns = m->end_ns;
	ret = devm_iio_kfifo_buffer_setup(dev, iio, &ade9000_buffer_ops);
	if (ret)
		return ret;
	ret = make_queue(m);
	if (ret)
		return ret;
	ret = devm_delayed_work_autocancel(dev, &m->look, ade9000_look);
	if (ret)
		return ret;
	ret = devm_iio_device_register(dev, iio);
	if (ret)
		return ret;
	ret = request_interrupt(m);
	if (ret)
		return dev_err_probe(dev, ret, "interrupt\n");
	queue_delayed_work(m->queue, &m->look, 1);
	return 0;
}

/*
 * Not "ade9000" behind the comma: SPI drivers are found by that part as well,
 * and the mainline driver would take the chip.
 */
static const struct of_device_id of_ids[] = {
	{ .compatible = "minimeter,minimeter-ade9000" }, {}
};
MODULE_DEVICE_TABLE(of, of_ids);

static const struct spi_device_id spi_ids[] = { { "minimeter-ade9000" }, {} };
MODULE_DEVICE_TABLE(spi, spi_ids);

static struct spi_driver minimeter_ade9000 = {
	.driver = {
		.name = "minimeter_ade9000",
		.of_match_table = of_ids,
	},
	.probe = probe,
	.id_table = spi_ids,
};
module_spi_driver(minimeter_ade9000);

MODULE_AUTHOR("minimeter founders <minimeter@minimeter.org>");
MODULE_DESCRIPTION("ADE9000 energy metering chip, for the minimeter daemon");
MODULE_LICENSE("GPL");
