# A gateway in front of two stacks of one API. See README.md.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

module "settings" {
  source = "./modules/settings"

  service      = var.service
  addresses    = { for slot, stack in module.stack : slot => stack.address }
  health       = var.health
  admin_tokens = var.admin_tokens
}

module "stack" {
  source   = "./modules/stack"
  for_each = toset(["blue", "green"])

  name                      = "${var.service}-${each.key}"
  vpc_id                    = var.vpc_id
  subnet_ids                = var.subnet_ids
  gateway_security_group_id = aws_security_group.gateway.id
  port                      = var.port
  health                    = module.settings.health
  drain_seconds             = module.settings.drain_seconds
}

resource "aws_security_group" "gateway" {
  name_prefix = "${var.service}-gateway-"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "traffic" {
  security_group_id = aws_security_group.gateway.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
}

resource "aws_vpc_security_group_ingress_rule" "operators" {
  security_group_id = aws_security_group.gateway.id
  cidr_ipv4         = var.operators_cidr
  ip_protocol       = "tcp"
  from_port         = 9090
  to_port           = 9090
}

# The load balancer's own checks of /healthz/ready come from its subnets.
resource "aws_vpc_security_group_ingress_rule" "readiness" {
  for_each = { for id, subnet in data.aws_subnet.public : id => subnet.cidr_block }

  security_group_id = aws_security_group.gateway.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 9090
  to_port           = 9090
}

resource "aws_vpc_security_group_egress_rule" "gateway" {
  security_group_id = aws_security_group.gateway.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

data "aws_subnet" "public" {
  for_each = toset(var.public_subnet_ids)
  id       = each.value
}

data "aws_subnet" "gateway" {
  id = var.subnet_ids[0]
}

# Which slot is active is on this volume: it outlives the machine.
resource "aws_ebs_volume" "state" {
  availability_zone = data.aws_subnet.gateway.availability_zone
  size              = 8
  type              = "gp3"
  encrypted         = true

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_volume_attachment" "state" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.state.id
  instance_id = aws_instance.gateway.id
}

resource "aws_instance" "gateway" {
  ami                    = var.machine_image_id
  instance_type          = var.instance_type
  subnet_id              = var.subnet_ids[0]
  vpc_security_group_ids = [aws_security_group.gateway.id]
  user_data = templatefile("${path.module}/gateway.sh.tftpl", {
    image        = var.gateway_image
    gateway_json = base64encode(module.settings.gateway_json)
  })

  metadata_options {
    http_tokens = "required"
  }

  tags = {
    Name = "${var.service}-gateway"
  }
}

# Clients come in here: TCP, so that WebSockets and HTTP/2 reach the gateway as they are.
resource "aws_lb" "public" {
  name               = "${var.service}-gateway"
  load_balancer_type = "network"
  subnets            = var.public_subnet_ids
}

resource "aws_lb_target_group" "gateway" {
  name                 = "${var.service}-gateway"
  vpc_id               = var.vpc_id
  port                 = 8080
  protocol             = "TCP"
  deregistration_delay = module.settings.drain_seconds

  health_check {
    protocol            = "HTTP"
    port                = "9090"
    path                = "/healthz/ready"
    healthy_threshold   = module.settings.health.healthy_threshold
    unhealthy_threshold = module.settings.health.unhealthy_threshold
    timeout             = module.settings.health.timeout
    interval            = module.settings.health.interval
    matcher             = module.settings.health.matcher
  }
}

resource "aws_lb_target_group_attachment" "gateway" {
  target_group_arn = aws_lb_target_group.gateway.arn
  target_id        = aws_instance.gateway.id
}

# With a certificate, TLS ends at the load balancer; the gateway and the stacks are in private subnets.
resource "aws_lb_listener" "public" {
  load_balancer_arn = aws_lb.public.arn
  port              = var.certificate_arn == null ? 80 : 443
  protocol          = var.certificate_arn == null ? "TCP" : "TLS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = var.certificate_arn == null ? null : "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway.arn
  }
}

output "url" {
  description = "For clients."
  value       = "${var.certificate_arn == null ? "http" : "https"}://${aws_lb.public.dns_name}"
}

output "admin_url" {
  description = "For operators: BLUEGREEN_URL."
  value       = "http://${aws_instance.gateway.private_ip}:9090"
}

output "target_group_arns" {
  description = "Where the instances or tasks of each stack register."
  value       = { for slot, stack in module.stack : slot => stack.target_group_arn }
}
